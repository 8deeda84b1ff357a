/// Reader of one leaf column in one row group: its entries in order, each with its levels and, unless it is null, its
/// value. One page at a time is decompressed, and its values are decoded as they are taken.
///
/// Source: "Nested Encoding" and "Data Pages" of Apache Parquet; the levels are those of Dremel (Melnik et al. 2010).
final class ColumnReader {
  private let file: MappedFile
  private let leaf: ParquetSchema.Leaf
  private let codec: Int
  /// Bytes of the pages that are left.
  private var pages: Range<Int>
  /// Entries that are left in pages not begun.
  private var entriesLeft: Int

  /// Place of the page's header, for errors.
  private var pageOffset: Int
  /// Entries that are left in the page, that which was loaded apart.
  private var pageEntriesLeft = 0
  private var page: PageBuffer?
  private var repetitions: RunLengthDecoder?
  private var definitions: RunLengthDecoder?
  private var values: (any PageValues)?
  private var dictionary: [JSON.Content]?

  private var isLoaded = false
  private var repetition = 0
  private var definition = 0

  /// A reader before the first entry of a chunk, whose pages are within the file.
  init(_ file: MappedFile, _ chunk: ParquetMetadata.ColumnChunk, _ leaf: ParquetSchema.Leaf) throws(FileError) {
    (self.file, self.leaf) = (file, leaf)
    (codec, entriesLeft) = (chunk.codec, chunk.valueCount)
    (pages, pageOffset) = (0..<0, 0)
    if chunk.isEncrypted { throw located(.unsupported("it is encrypted", remedy: "write it without encryption")) }
    if chunk.isElsewhere {
      throw located(.unsupported("its pages lie in another file", remedy: "write the table into one file"))
    }
    pages = chunk.pages
    pageOffset = pages.lowerBound
  }

  /// The error that a fault in this column is.
  func located(_ fault: ColumnFault) -> FileError {
    FileError(
      fault.kind, path: file.path, byteOffset: pageOffset,
      "the column \"\(excerpt(leaf.path))\": \(fault.problem)", remedy: fault.remedy)
  }

  /// The error that levels which contradict the schema, or another column's, are.
  func misplaced() -> FileError {
    located(.damaged("its levels contradict the schema, or the columns beside it"))
  }

  // MARK: - Entries

  /// True where no entry is left.
  func isAtEnd() throws(FileError) -> Bool { try !load() }

  /// Repetition level of the next entry: 0 where it begins a row; nil at the end.
  func nextRepetition() throws(FileError) -> Int? { try load() ? repetition : nil }

  /// Definition level of the next entry, which must be there.
  func nextDefinition() throws(FileError) -> Int {
    guard try load() else { throw located(.damaged("it ends before the row group does")) }
    return definition
  }

  /// Passes over the next entry, which is a null or an empty list.
  func passNull() throws(FileError) {
    guard try nextDefinition() < leaf.definitionLevel else { throw misplaced() }
    isLoaded = false
  }

  /// Takes the next entry, which has a value.
  func takeValue() throws(FileError) -> JSON.Content {
    guard try nextDefinition() == leaf.definitionLevel, let values else { throw misplaced() }
    isLoaded = false
    do throws(ColumnFault) { return try values.next() } catch { throw located(error) }
  }

  /// Reads the next entry's levels, unless it has; returns false at the end.
  private func load() throws(FileError) -> Bool {
    if isLoaded { return true }
    do throws(ColumnFault) {
      while pageEntriesLeft == 0 {
        if entriesLeft == 0 { return false }
        try beginPage()
      }
      pageEntriesLeft -= 1
      repetition = Int(try repetitions?.next() ?? 0)
      definition = Int(try definitions?.next() ?? 0)
      guard repetition <= leaf.repetitionLevel, definition <= leaf.definitionLevel else {
        throw .damaged("a level is higher than the schema has")
      }
    } catch {
      throw located(error)
    }
    isLoaded = true
    return true
  }

  // MARK: - Pages

  /// Opens the next page, of whatever kind.
  private func beginPage() throws(ColumnFault) {
    guard !pages.isEmpty else { throw .damaged("its pages end \(entriesLeft) values too early") }
    pageOffset = pages.lowerBound
    let rest = UnsafeRawBufferPointer(rebasing: file.bytes[pages])
    var reader = ThriftReader(rest)
    let header = try PageHeader(&reader)
    guard header.compressedByteCount <= rest.count - reader.position else {
      throw .damaged("a page of \(header.compressedByteCount) bytes where \(rest.count - reader.position) are left")
    }
    let end = reader.position + header.compressedByteCount
    let bytes = UnsafeRawBufferPointer(rebasing: rest[reader.position..<end])
    pages = pages.lowerBound + end..<pages.upperBound
    if let checksum = header.checksum { try checkPage(bytes, checksum: checksum) }
    switch header.kind {
    case .index: break
    case .dictionary: try readDictionary(header, bytes)
    case .data, .dataV2:
      guard header.valueCount <= entriesLeft else {
        throw .damaged("a page of \(header.valueCount) values where \(entriesLeft) are left")
      }
      // The decoders of the page before go first: they look into its bytes.
      (repetitions, definitions, values) = (nil, nil, nil)
      if header.kind == .data { try beginData(header, bytes) } else { try beginDataV2(header, bytes) }
      entriesLeft -= header.valueCount
      pageEntriesLeft = header.valueCount
    case nil: throw .unsupported("a page of a kind that is not known")
    }
  }

  private func readDictionary(_ header: PageHeader, _ bytes: UnsafeRawBufferPointer) throws(ColumnFault) {
    guard dictionary == nil else { throw .damaged("it has two dictionaries") }
    guard [ParquetEncoding.plain, ParquetEncoding.plainDictionary].contains(header.encoding) else {
      throw .unsupported("a dictionary of the encoding \(header.encoding)")
    }
    let page = try PageBuffer(bytes, codec: codec, count: header.uncompressedByteCount)
    guard leaf.type != .boolean, header.valueCount <= page.bytes.count else {
      throw .damaged("a dictionary of \(header.valueCount) values in \(page.bytes.count) bytes")
    }
    let values = try PlainValues(page.bytes, type: leaf.type)
    var dictionary: [JSON.Content] = []
    for _ in 0..<header.valueCount { dictionary.append(try values.next()) }
    self.dictionary = dictionary
  }

  /// Levels with their lengths before them, then values, compressed as one.
  private func beginData(_ header: PageHeader, _ bytes: UnsafeRawBufferPointer) throws(ColumnFault) {
    let page = try PageBuffer(bytes, codec: codec, count: header.uncompressedByteCount)
    self.page = page
    var cursor = ByteCursor(page.bytes)
    func levels(most: Int, encoding: Int) throws(ColumnFault) -> RunLengthDecoder? {
      guard most > 0 else { return nil }
      guard encoding == ParquetEncoding.runLength else {
        throw .unsupported("levels of the encoding \(encoding), which was given up in 2013")
      }
      let count = Int(try cursor.number(UInt32.self))
      return try Self.levels(try cursor.take(count), most: most)
    }
    repetitions = try levels(most: leaf.repetitionLevel, encoding: header.repetitionEncoding)
    definitions = try levels(most: leaf.definitionLevel, encoding: header.definitionEncoding)
    values = try values(header, try cursor.take(cursor.remaining))
  }

  /// Levels as they are, then values, compressed.
  private func beginDataV2(_ header: PageHeader, _ bytes: UnsafeRawBufferPointer) throws(ColumnFault) {
    var cursor = ByteCursor(bytes)
    let repetitionBytes = try cursor.take(header.repetitionByteCount)
    let definitionBytes = try cursor.take(header.definitionByteCount)
    let count = header.uncompressedByteCount - repetitionBytes.count - definitionBytes.count
    guard count >= 0 else { throw .damaged("a page's levels are larger than the page") }
    let rest = try cursor.take(cursor.remaining)
    // A page of nulls alone has no values, and nothing that could be decompressed.
    let codec = header.isCompressed && !(rest.isEmpty && count == 0) ? codec : 0
    let page = try PageBuffer(rest, codec: codec, count: count)
    self.page = page
    repetitions = try Self.levels(repetitionBytes, most: leaf.repetitionLevel)
    definitions = try Self.levels(definitionBytes, most: leaf.definitionLevel)
    values = try values(header, page.bytes)
  }

  private static func levels(
    _ bytes: UnsafeRawBufferPointer, most: Int
  ) throws(ColumnFault) -> RunLengthDecoder? {
    guard most > 0 else { return nil }
    return try RunLengthDecoder(bytes, width: Int.bitWidth - most.leadingZeroBitCount)
  }

  private func values(
    _ header: PageHeader, _ bytes: UnsafeRawBufferPointer
  ) throws(ColumnFault) -> any PageValues {
    let most = header.valueCount
    switch (header.encoding, leaf.type) {
    case (ParquetEncoding.plain, _): return try PlainValues(bytes, type: leaf.type)
    case (ParquetEncoding.plainDictionary, _), (ParquetEncoding.runLengthDictionary, _):
      guard let dictionary else { throw .damaged("a page names values of a dictionary that is not there") }
      return try DictionaryValues(bytes, dictionary: dictionary)
    case (ParquetEncoding.runLength, .boolean): return try RunLengthValues(bytes)
    // Without a value there is not even a header.
    case (ParquetEncoding.deltaBinaryPacked...ParquetEncoding.deltaByteArray, _) where bytes.isEmpty:
      return try PlainValues(bytes, type: leaf.type)
    case (ParquetEncoding.deltaBinaryPacked, .int32), (ParquetEncoding.deltaBinaryPacked, .int64):
      return try DeltaIntegers(bytes, type: leaf.type, most: most)
    case (ParquetEncoding.deltaLengthByteArray, .text): return try DeltaLengthValues(bytes, most: most)
    case (ParquetEncoding.deltaByteArray, .text): return try DeltaPrefixValues(bytes, most: most)
    case (ParquetEncoding.byteStreamSplit, _) where leaf.type.byteCount != nil:
      return try PlainValues(bytes, type: leaf.type, isSplit: true)
    default: throw .unsupported("values of the encoding \(header.encoding), which its type has not")
    }
  }
}
