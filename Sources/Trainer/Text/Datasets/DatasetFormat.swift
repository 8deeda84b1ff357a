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
    /// Batches of columns as Arrow holds them in memory: what `save_to_disk` of Hugging Face's datasets writes.
    case arrow
    /// One document a file.
    case document
  }

  /// Compression of a file as a whole, by its extension.
  enum Compression: String, Sendable, CaseIterable {
    case gzip = "gz"
    case zstandard = "zst"

    /// The format's name, for errors.
    var name: String { self == .gzip ? "gzip" : "Zstandard" }

    /// The program that decodes it, for errors.
    var program: String { self == .gzip ? "gunzip" : "unzstd" }

    /// True for bytes that begin as a file of this compression does.
    func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
      self == .gzip ? GzipFile.begins(bytes) : ZstandardFile.begins(bytes)
    }

    /// Decodes the file at `path`.
    func contents(_ bytes: UnsafeRawBufferPointer, path: String) throws(DatasetError) -> Data {
      switch self {
      case .gzip: try GzipFile.contents(bytes, path: path)
      case .zstandard: try ZstandardFile.contents(bytes, path: path)
      }
    }
  }

  let kind: Kind
  /// The extension, in lower case.
  let name: String
  /// Compression around the above; nil: none.
  let compression: Compression?

  /// The kinds by their extension, in the order in which errors list them.
  private static let kinds: [(name: String, kind: Kind)] = [
    ("jsonl", .jsonLines), ("ndjson", .jsonLines), ("json", .json), ("csv", .table(separator: UInt8(ascii: ","))),
    ("tsv", .table(separator: UInt8(ascii: "\t"))), ("parquet", .parquet), ("arrow", .arrow), ("feather", .arrow),
    ("txt", .document),
  ]

  /// True where the rows of a large file are found by their places in it.
  var isIndexed: Bool {
    switch kind {
    case .jsonLines, .json, .table: compression == nil
    case .parquet, .arrow, .document: false
    }
  }

  /// The known extensions, for errors.
  static let endings = kinds.map { "." + $0.name }.joined(separator: ", ")

  /// Reads the format from a file's name.
  ///
  /// - Throws: `DatasetError` that lists the known extensions.
  init(of url: URL) throws(DatasetError) {
    var file = url
    compression = Compression(rawValue: file.pathExtension.lowercased())
    if compression != nil { file.deletePathExtension() }
    let ending = file.pathExtension.lowercased()
    if let found = Self.kinds.first(where: { $0.name == ending }) {
      if let compression, found.kind == .parquet || found.kind == .arrow {
        throw DatasetError(
          place: url.path,
          message:
            "a .\(found.name) file is compressed within and not read through \(compression.name): decode it with "
            + compression.program)
      }
      (kind, name) = (found.kind, found.name)
      return
    }
    throw DatasetError(
      place: url.path,
      message: "a dataset is a file whose name ends in \(Self.endings), or in one of these and .gz or .zst, not "
        + "'\(excerpt(url.lastPathComponent))': rename or convert it")
  }
}
