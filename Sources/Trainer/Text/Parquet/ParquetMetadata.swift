/// The footer of a Parquet file: its schema, and the places of its columns in each row group.
///
/// Source: parquet.thrift of Apache Parquet (FileMetaData); fields that no reading needs are passed over.
struct ParquetMetadata {
  /// A part of the file's rows: a column chunk for each leaf column.
  struct RowGroup {
    /// Rows of the group.
    var rowCount = 0
    /// The chunks, in the order of the schema's leaves.
    var chunks: [ColumnChunk] = []
  }

  /// The pages of one leaf column in one row group.
  struct ColumnChunk {
    /// Physical type of the values.
    var physicalType: Int?
    /// Number of the compression in the format.
    var codec = 0
    /// Values, nulls and empty lists together.
    var valueCount = 0
    /// Bytes of the pages with their headers.
    var byteCount = 0
    /// Place of the first data page.
    var dataPageOffset = 0
    /// Place of the dictionary page, where there is one.
    var dictionaryPageOffset: Int?
    /// True where the pages lie in another file.
    var isElsewhere = false
    /// True where the pages are encrypted.
    var isEncrypted = false

    /// Place of the first page. Some writers state 0 for a dictionary that is not there.
    var start: Int {
      guard let dictionary = dictionaryPageOffset, dictionary > 0 else { return dataPageOffset }
      return min(dictionary, dataPageOffset)
    }

    /// Bytes of the pages, which must have been checked; none where there is no value, whatever the offsets say.
    var pages: Range<Int> { valueCount > 0 ? start..<start + byteCount : 0..<0 }
  }

  /// The schema's tree from its root, each node before its children.
  private(set) var schema: [SchemaElement] = []
  /// Rows of the file.
  private(set) var rowCount = 0
  /// The row groups, in the file's order.
  private(set) var rowGroups: [RowGroup] = []

  /// Reads the footer.
  init(_ reader: inout ThriftReader) throws(ColumnFault) {
    var (schema, rowCount, rowGroups): ([SchemaElement], Int, [RowGroup]) = ([], 0, [])
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 2:
        try reader.forEachElement(of: field) { element, reader throws(ColumnFault) in
          schema.append(try SchemaElement(element, &reader))
        }
      case 3: rowCount = try reader.size(field, of: "the number of rows")
      case 4:
        try reader.forEachElement(of: field) { element, reader throws(ColumnFault) in
          rowGroups.append(try Self.rowGroup(element, &reader))
        }
      case 8: throw .unsupported("the file is encrypted", remedy: "write it without encryption")
      default: try reader.skip(field)
      }
    }
    (self.schema, self.rowCount, self.rowGroups) = (schema, rowCount, rowGroups)
  }

  private static func rowGroup(
    _ field: ThriftReader.Field, _ reader: inout ThriftReader
  ) throws(ColumnFault) -> RowGroup {
    guard field.kind == .structure else { throw .damaged("a row group is no structure") }
    var group = RowGroup()
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 1:
        try reader.forEachElement(of: field) { element, reader throws(ColumnFault) in
          group.chunks.append(try columnChunk(element, &reader))
        }
      case 3: group.rowCount = try reader.size(field, of: "a row group's number of rows")
      default: try reader.skip(field)
      }
    }
    return group
  }

  private static func columnChunk(
    _ field: ThriftReader.Field, _ reader: inout ThriftReader
  ) throws(ColumnFault) -> ColumnChunk {
    guard field.kind == .structure else { throw .damaged("a column chunk is no structure") }
    var chunk = ColumnChunk()
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 1: chunk.isElsewhere = try !reader.text(field).isEmpty
      case 3:
        guard field.kind == .structure else { throw .damaged("a column chunk has no metadata") }
        try reader.forEachField { field, reader throws(ColumnFault) in
          switch field.id {
          case 1: chunk.physicalType = try reader.integer(field)
          case 4: chunk.codec = try reader.integer(field)
          case 5: chunk.valueCount = try reader.size(field, of: "a column chunk's number of values")
          case 7: chunk.byteCount = try reader.size(field, of: "a column chunk's size")
          case 9: chunk.dataPageOffset = try reader.size(field, of: "a data page's offset")
          case 11: chunk.dictionaryPageOffset = try reader.size(field, of: "a dictionary page's offset")
          default: try reader.skip(field)
          }
        }
      case 8:
        chunk.isEncrypted = true
        try reader.skip(field)
      default: try reader.skip(field)
      }
    }
    return chunk
  }
}

/// One node of the schema as the footer lists it.
struct SchemaElement {
  /// Occurrences of a node in its parent.
  enum Repetition: Int {
    case required = 0
    case optional = 1
    case repeated = 2
  }

  /// Name of the node in its parent.
  private(set) var name = ""
  /// Number of the physical type of a leaf; nil for a group.
  private(set) var physicalType: Int?
  /// Bytes of a value of fixed length.
  private(set) var typeLength = 0
  /// Occurrences in the parent.
  private(set) var repetition = Repetition.required
  /// Children of a group.
  private(set) var childCount = 0
  /// Number of the old annotation (ConvertedType).
  private(set) var convertedType: Int?
  /// Number of the annotation's field in the union LogicalType.
  private(set) var logicalType: Int?
  /// True where the logical type is an integer without a sign.
  private(set) var isUnsigned = false

  /// Reads an element of the footer's list.
  init(_ field: ThriftReader.Field, _ reader: inout ThriftReader) throws(ColumnFault) {
    guard field.kind == .structure else { throw .damaged("a node of the schema is no structure") }
    var element = SchemaElement()
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 1: element.physicalType = try reader.integer(field)
      case 2: element.typeLength = try reader.size(field, of: "a type's length")
      case 3:
        guard let repetition = Repetition(rawValue: try reader.integer(field)) else {
          throw .damaged("a node of the schema has no known repetition")
        }
        element.repetition = repetition
      case 4: element.name = try reader.text(field)
      case 5: element.childCount = try reader.size(field, of: "a group's number of children")
      case 6: element.convertedType = try reader.integer(field)
      case 10: try element.readLogicalType(field, &reader)
      default: try reader.skip(field)
      }
    }
    self = element
  }

  private init() {}

  private mutating func readLogicalType(
    _ field: ThriftReader.Field, _ reader: inout ThriftReader
  ) throws(ColumnFault) {
    guard field.kind == .structure else { throw .damaged("a logical type is no structure") }
    var (type, isUnsigned): (Int?, Bool) = (nil, false)
    try reader.forEachField { field, reader throws(ColumnFault) in
      type = field.id
      // INTEGER {1: bitWidth, 2: isSigned}
      guard field.id == 10, field.kind == .structure else { return try reader.skip(field) }
      try reader.forEachField { field, reader throws(ColumnFault) in
        if field.id == 2 { isUnsigned = try !reader.bool(field) } else { try reader.skip(field) }
      }
    }
    (logicalType, self.isUnsigned) = (type, isUnsigned)
  }
}
