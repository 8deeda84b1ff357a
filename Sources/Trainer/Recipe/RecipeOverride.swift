/// An override `key=value` of the command line, applied to the recipe's tree before it is decoded.
///
/// The key is a dotted path (`union.sampling`, `rounds.0.learning_rate`, rounds counted from 0); the value is YAML.
struct RecipeOverride: Sendable {
  private let path: [String]
  private let value: RecipeNode
  private let place: String

  /// Keys that exclude each other: an override of one removes the other.
  private static let alternatives = [
    "max_steps": "num_train_epochs", "num_train_epochs": "max_steps",
    "warmup_steps": "warmup_ratio", "warmup_ratio": "warmup_steps",
  ]

  init(_ argument: String) throws(RecipeError) {
    let place = "override '\(argument)'"
    guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
      throw RecipeError(
        place: place, message: "an override is written key=value, as in learning_rate=1e-5", exitCode: 64)
    }
    path = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    value = try RecipeParsing.tree(of: String(argument[argument.index(after: equals)...])) { _ in place }
    self.place = place
  }

  /// Refuses overrides of which one would take another away again.
  static func check(_ overrides: [RecipeOverride]) throws(RecipeError) {
    for (index, later) in overrides.enumerated() {
      guard let key = later.path.last, let rival = alternatives[key] else { continue }
      guard let earlier = overrides[..<index].first(where: { $0.path == later.path.dropLast() + [rival] }) else {
        continue
      }
      throw RecipeError(
        place: later.place, message: "\(key) stands beside the \(earlier.place), and excludes it: keep one",
        exitCode: 64)
    }
  }

  /// Sets the value in `root`; mappings that are missing on its path are added.
  func apply(to root: inout RecipeNode) throws(RecipeError) {
    try set(path[...], in: &root)
  }

  private func set(_ rest: ArraySlice<String>, in node: inout RecipeNode) throws(RecipeError) {
    guard let key = rest.first else {
      node = value
      return
    }
    switch node.content {
    case .mapping(var entries):
      if let other = Self.alternatives[key], rest.count == 1 { entries.removeAll { $0.key == other } }
      if let index = entries.firstIndex(where: { $0.key == key }) {
        try set(rest.dropFirst(), in: &entries[index].value)
      } else {
        var added = RecipeNode(content: .mapping([]), place: place)
        try set(rest.dropFirst(), in: &added)
        entries.append(.init(key: key, place: place, value: added))
      }
      node.content = .mapping(entries)
    case .sequence(var items):
      guard let index = Int(key), items.indices.contains(index) else {
        throw RecipeError(
          place: place, message: "'\(key)' is no item of a list of \(items.count): items count from 0")
      }
      try set(rest.dropFirst(), in: &items[index])
      node.content = .sequence(items)
    case .scalar:
      guard node.isNull else {
        throw RecipeError(
          place: place, message: "'\(key)' cannot be set inside \(node.shown), which holds no keys: check the path")
      }
      node = RecipeNode(content: .mapping([]), place: place)
      try set(rest, in: &node)
    }
  }
}
