/// The header before each page of a column chunk.
///
/// Source: parquet.thrift of Apache Parquet (PageHeader).
struct PageHeader {
  /// Kind of a page.
  enum Kind: Int {
    /// Levels and values, compressed together.
    case data = 0
    /// An index, which reading does not need.
    case index = 1
    /// The values that data pages name by their places.
    case dictionary = 2
    /// Levels, uncompressed, then values.
    case dataV2 = 3
  }

  /// Kind of the page; nil for one that is not known.
  private(set) var kind: Kind?
  /// Bytes of the page once decompressed.
  private(set) var uncompressedByteCount = 0
  /// Bytes of the page in the file, behind the header.
  private(set) var compressedByteCount = 0
  /// CRC-32 of the page's bytes in the file; nil where the writer made none.
  private(set) var checksum: UInt32?
  /// Values, nulls and empty lists together; of a dictionary the values.
  private(set) var valueCount = 0
  /// Encoding of the values.
  private(set) var encoding = -1
  /// Encoding of the definition levels of a data page.
  private(set) var definitionEncoding = ParquetEncoding.runLength
  /// Encoding of the repetition levels of a data page.
  private(set) var repetitionEncoding = ParquetEncoding.runLength
  /// Bytes of the definition levels of a data page of version 2.
  private(set) var definitionByteCount = 0
  /// Bytes of the repetition levels of a data page of version 2.
  private(set) var repetitionByteCount = 0
  /// True where the values of a page of version 2 are compressed, if the column is.
  private(set) var isCompressed = true

  /// Reads a header.
  init(_ reader: inout ThriftReader) throws(ColumnFault) {
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 1: kind = Kind(rawValue: try reader.integer(field))
      case 2: uncompressedByteCount = try reader.size(field, of: "a page's uncompressed size")
      case 3: compressedByteCount = try reader.size(field, of: "a page's size")
      case 4: checksum = UInt32(truncatingIfNeeded: try reader.integer(field))
      case 5 where field.kind == .structure: try readData(&reader)
      case 7 where field.kind == .structure: try readDictionary(&reader)
      case 8 where field.kind == .structure: try readDataV2(&reader)
      default: try reader.skip(field)
      }
    }
  }

  private mutating func readData(_ reader: inout ThriftReader) throws(ColumnFault) {
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 1: valueCount = try reader.size(field, of: "a page's number of values")
      case 2: encoding = try reader.integer(field)
      case 3: definitionEncoding = try reader.integer(field)
      case 4: repetitionEncoding = try reader.integer(field)
      default: try reader.skip(field)
      }
    }
  }

  private mutating func readDictionary(_ reader: inout ThriftReader) throws(ColumnFault) {
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 1: valueCount = try reader.size(field, of: "a dictionary's number of values")
      case 2: encoding = try reader.integer(field)
      default: try reader.skip(field)
      }
    }
  }

  private mutating func readDataV2(_ reader: inout ThriftReader) throws(ColumnFault) {
    try reader.forEachField { field, reader throws(ColumnFault) in
      switch field.id {
      case 1: valueCount = try reader.size(field, of: "a page's number of values")
      case 4: encoding = try reader.integer(field)
      case 5: definitionByteCount = try reader.size(field, of: "the size of definition levels")
      case 6: repetitionByteCount = try reader.size(field, of: "the size of repetition levels")
      case 7: isCompressed = try reader.bool(field)
      default: try reader.skip(field)
      }
    }
  }
}

/// Numbers of the encodings in the format.
enum ParquetEncoding {
  /// Values one after another.
  static let plain = 0
  /// Places in the dictionary; of a dictionary page, PLAIN.
  static let plainDictionary = 2
  /// Runs and packed bits, for levels and truth values.
  static let runLength = 3
  /// Differences of integers.
  static let deltaBinaryPacked = 5
  /// Lengths as differences, then the texts.
  static let deltaLengthByteArray = 6
  /// Texts without the beginning that they share with the one before.
  static let deltaByteArray = 7
  /// Places in the dictionary.
  static let runLengthDictionary = 8
  /// The first bytes of all values, then the second ones.
  static let byteStreamSplit = 9
}
