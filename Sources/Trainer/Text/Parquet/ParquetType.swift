/// Type of a leaf column's values, as far as JSON has them.
enum ParquetType: Equatable {
  /// true and false; a bit each.
  case boolean
  /// Integers in 4 bytes.
  case int32(isUnsigned: Bool)
  /// Integers in 8 bytes.
  case int64(isUnsigned: Bool)
  /// Numbers of half precision, 2 bytes.
  case half
  /// Numbers of single precision, 4 bytes.
  case float
  /// Numbers of double precision, 8 bytes.
  case double
  /// UTF-8 text, JSON and names of enumerations among it.
  case text
  /// Values that no row can hold, in words.
  case unread(String)

  /// The type of a leaf of the schema, by its physical type and its annotation.
  init(_ element: SchemaElement) throws(ColumnFault) {
    // A logical type is written beside the older annotation and outweighs it.
    let annotation = Self.annotation(element)
    let isUnsigned =
      element.logicalType == 10 ? element.isUnsigned : (11...14).contains(element.convertedType ?? -1)
    let isPlain = annotation == nil
    switch element.physicalType {
    case 0: self = .boolean
    case 1: self = isPlain ? .int32(isUnsigned: isUnsigned) : .unread(annotation ?? "")
    case 2: self = isPlain ? .int64(isUnsigned: isUnsigned) : .unread(annotation ?? "")
    case 3: self = .unread("timestamps of 96 bits")
    case 4: self = .float
    case 5: self = .double
    case 6:
      let isText =
        element.logicalType.map { [1, 4, 12].contains($0) } ?? element.convertedType.map { [0, 4, 19].contains($0) }
      self = isText ?? false ? .text : .unread(annotation ?? "bytes that are not marked as text")
    case 7:
      guard element.typeLength > 0 else { throw .damaged("a value of fixed length has 0 bytes") }
      self = element.logicalType == 15 && element.typeLength == 2 ? .half : .unread(annotation ?? "bytes")
    case .some(let type): throw .damaged("a column is of the physical type \(type), which Parquet has not")
    case nil: throw .damaged("a column has neither type nor children")
    }
  }

  /// Words for an annotation that changes what the values are; nil where the physical type says it all.
  private static func annotation(_ element: SchemaElement) -> String? {
    if let logical = element.logicalType {
      return switch logical {
      case 5: "decimals"
      case 6: "dates"
      case 7: "times of day"
      case 8: "timestamps"
      case 13: "BSON"
      case 14: "UUIDs"
      case 15: "numbers of half precision"
      case 16: "variants"
      case 17, 18: "places on Earth"
      // Text, lists, integers, nulls.
      case 1...4, 10...12: nil
      default: "values of the logical type \(logical), which is not known"
      }
    }
    return switch element.convertedType {
    case 5: "decimals"
    case 6: "dates"
    case 7, 8: "times of day"
    case 9, 10: "timestamps"
    case 20: "BSON"
    case 21: "intervals of time"
    default: nil
    }
  }

  /// Bytes of a value that has a fixed size; nil for the others.
  var byteCount: Int? {
    switch self {
    case .half: 2
    case .int32, .float: 4
    case .int64, .double: 8
    case .boolean, .text, .unread: nil
    }
  }
}
