/// The tree of a Parquet file's columns.
///
/// Source: "Nested Encoding" and LogicalTypes.md of Apache Parquet, with its rules for lists of older writers.
struct ParquetSchema: Sendable {
  /// A leaf of the tree: the column whose values the file holds.
  struct Leaf: Sendable {
    /// Names from the top-level column down, with points between.
    let path: String
    /// Type of the values.
    let type: ParquetType
    /// Number of the physical type.
    let physicalType: Int
    /// Definition level of a value that is there: optional and repeated nodes on the path.
    let definitionLevel: Int
    /// Highest repetition level: repeated nodes on the path.
    let repetitionLevel: Int
  }

  /// A column, or a part of one.
  struct Node: Sendable {
    /// Name in its parent.
    let name: String
    /// Occurrences in the parent.
    let repetition: SchemaElement.Repetition
    /// Definition level from which the node is there.
    let definitionLevel: Int
    /// Repetition level of a further occurrence.
    let repetitionLevel: Int
    /// Leaves of the node, at least one: places in `ParquetSchema.leaves`.
    let leaves: Range<Int>
    /// Kind and children.
    let shape: Shape
  }

  /// Kind of a node, with its children.
  indirect enum Shape: Sendable {
    /// A leaf.
    case value
    /// Fields by their names, which differ.
    case structure([Node])
    /// A list: its one child is repeated; `isWrapped` is true where an occurrence only wraps the element.
    case list(Node, isWrapped: Bool)
    /// A map from texts: its one child is repeated and holds key and value.
    case map(Node)
    /// A part that no row can hold, in words.
    case unread(String)
  }

  /// Most nodes around a leaf.
  private static let maximumDepth = 48

  /// The top-level columns in the file's order.
  private(set) var columns: [Node] = []
  /// The leaves in the file's order.
  private(set) var leaves: [Leaf] = []

  /// Builds the tree of the nodes that the footer lists.
  init(_ elements: [SchemaElement]) throws(ColumnFault) {
    guard let root = elements.first, root.physicalType == nil else { throw .damaged("the schema has no root") }
    var builder = Builder(elements)
    columns = try builder.children(of: root, path: "", definition: 0, repetition: 0, depth: 1)
    guard builder.next == elements.count else {
      throw .damaged("the schema has \(elements.count - builder.next) nodes beside its tree")
    }
    leaves = builder.leaves
  }

  /// Takes the nodes from the footer's list, one after another.
  private struct Builder {
    let elements: [SchemaElement]
    var next = 1
    var leaves: [Leaf] = []

    init(_ elements: [SchemaElement]) { self.elements = elements }

    mutating func children(
      of parent: SchemaElement, path: String, definition: Int, repetition: Int, depth: Int
    ) throws(ColumnFault) -> [Node] {
      guard depth <= ParquetSchema.maximumDepth else {
        throw .damaged("columns nest deeper than \(ParquetSchema.maximumDepth)")
      }
      guard parent.childCount <= elements.count - next else {
        throw .damaged("a group of \(parent.childCount) children has \(elements.count - next) nodes")
      }
      var nodes: [Node] = []
      var names: Set<[UInt8]> = []
      for _ in 0..<parent.childCount {
        guard next < elements.count else { throw .damaged("the schema ends within a group") }
        let element = elements[next]
        next += 1
        guard names.insert(Array(element.name.utf8)).inserted else {
          throw .damaged("the column \"\(excerpt(path + element.name))\" occurs twice")
        }
        nodes.append(
          try node(element, path: path + element.name, definition: definition, repetition: repetition, depth: depth))
      }
      return nodes
    }

    private mutating func node(
      _ element: SchemaElement, path: String, definition: Int, repetition: Int, depth: Int
    ) throws(ColumnFault) -> Node {
      let definition = definition + (element.repetition == .required ? 0 : 1)
      let repetition = repetition + (element.repetition == .repeated ? 1 : 0)
      let first = leaves.count
      let shape: Shape
      if let physicalType = element.physicalType {
        guard element.childCount == 0 else { throw .damaged("the column \"\(excerpt(path))\" has type and children") }
        leaves.append(
          Leaf(
            path: path, type: try ParquetType(element), physicalType: physicalType, definitionLevel: definition,
            repetitionLevel: repetition))
        shape = .value
      } else {
        let children = try children(
          of: element, path: path + ".", definition: definition, repetition: repetition, depth: depth + 1)
        guard leaves.count > first else {
          throw .damaged("the column \"\(excerpt(path))\" has neither type nor children")
        }
        shape = ParquetSchema.shape(element, children)
      }
      return Node(
        name: element.name, repetition: element.repetition, definitionLevel: definition, repetitionLevel: repetition,
        leaves: first..<leaves.count, shape: shape)
    }
  }

  /// The shape of a group.
  private static func shape(_ element: SchemaElement, _ children: [Node]) -> Shape {
    switch (element.logicalType, element.convertedType) {
    case (3, _), (nil, 3):
      guard children.count == 1, let repeated = children.first, repeated.repetition == .repeated else {
        return .unread("a list of a layout that Parquet does not describe")
      }
      guard case .structure(let fields) = repeated.shape, fields.count == 1, fields[0].repetition != .repeated,
        repeated.name != "array", repeated.name != element.name + "_tuple"
      else { return .list(repeated, isWrapped: false) }
      return .list(repeated, isWrapped: true)
    case (2, _), (nil, 1), (nil, 2):
      guard children.count == 1, let entry = children.first, entry.repetition == .repeated,
        case .structure(let fields) = entry.shape, fields.count == 2, fields[0].repetition == .required,
        case .value = fields[0].shape
      else { return .unread("a map of a layout that is not read") }
      return .map(entry)
    case (16, _): return .unread("variants")
    default: return .structure(children)
    }
  }
}

extension ParquetSchema {
  /// The first part of a column that cannot be read: its path and the words for it; nil where there is none.
  func unread(in node: Node, path: String = "") -> (path: String, what: String)? {
    let path = path + node.name
    switch node.shape {
    case .value:
      if case .unread(let what) = leaves[node.leaves.lowerBound].type { return (path, what) }
      return nil
    case .unread(let what): return (path, what)
    case .list(let repeated, _): return unread(in: repeated, path: path + ".")
    case .map(let entry):
      guard leaves[entry.leaves.lowerBound].type == .text else { return (path, "a map whose keys are no texts") }
      return unread(in: entry, path: path + ".")
    case .structure(let children):
      for child in children {
        if let found = unread(in: child, path: path + ".") { return found }
      }
      return nil
    }
  }
}
