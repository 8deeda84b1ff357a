import Foundation

/// Format of a dataset's file, told by its name; its content never overrules the name.
struct DatasetFormat: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    /// One JSON object a line.
    case jsonLines
    /// A list of JSON objects; or, where it does not begin with `[`, one object a line.
    case json
    /// A header line and rows of cells, as in RFC 4180.
    case table(separator: UInt8)
    /// Columns in pages, as Hugging Face's datasets come.
    case parquet
    /// One document a file.
    case document
  }

  let kind: Kind
  /// True for a gzip file that holds the above.
  let isCompressed: Bool

  /// The kinds by their extension, in the order in which errors list them.
  private static let kinds: [(name: String, kind: Kind)] = [
    ("jsonl", .jsonLines), ("ndjson", .jsonLines), ("json", .json), ("csv", .table(separator: UInt8(ascii: ","))),
    ("tsv", .table(separator: UInt8(ascii: "\t"))), ("parquet", .parquet), ("txt", .document),
  ]

  /// Formats that are not read, each with the pandas function that reads it.
  private static let foreign = ["arrow": "read_feather", "feather": "read_feather"]

  /// Reads the format from a file's name.
  ///
  /// - Throws: `DatasetError` that lists the known extensions, or says how to convert the file.
  init(of url: URL) throws(DatasetError) {
    var name = url
    isCompressed = name.pathExtension.lowercased() == "gz"
    if isCompressed { name.deletePathExtension() }
    let ending = name.pathExtension.lowercased()
    if let found = Self.kinds.first(where: { $0.name == ending }) {
      guard found.kind != .parquet || !isCompressed else {
        throw DatasetError(
          place: url.path,
          message: "a Parquet file is compressed within and not read through gzip: decode it with gunzip")
      }
      kind = found.kind
      return
    }
    if let function = Self.foreign[ending] {
      let stem = name.deletingPathExtension().lastPathComponent
      throw DatasetError(
        place: url.path,
        message: ".\(ending) files are not read; convert it where pandas is installed: python -c \"import pandas; "
          + "pandas.\(function)('\(excerpt(name.lastPathComponent))').to_json('\(excerpt(stem)).jsonl', "
          + "orient='records', lines=True, force_ascii=False)\"")
    }
    let known = Self.kinds.map { "." + $0.name }.joined(separator: ", ")
    throw DatasetError(
      place: url.path,
      message: "a dataset is a file whose name ends in \(known), or in one of these and .gz, not "
        + "'\(excerpt(url.lastPathComponent))': rename or convert it")
  }
}
