/// Reader of one message's values: it takes the batch's nodes and buffers in the order of the columns.
struct ArrowBatch {
  private let body: UnsafeRawBufferPointer
  private let nodes: FlatTable.Structs
  private let buffers: FlatTable.Structs
  private let extraBuffers: FlatTable.Structs
  /// Number of the compression; nil: none.
  private let codec: UInt8?
  private var nextNode = 0
  private var nextBuffer = 0
  private var nextExtra = 0
  /// Rows of the batch, or values of the dictionary.
  let rowCount: Int

  /// - Parameters:
  ///   - table: the batch in the message's metadata.
  ///   - body: the message's buffers.
  init(_ table: FlatTable, body: UnsafeRawBufferPointer) throws(ColumnFault) {
    self.body = body
    rowCount = Int(clamping: try table.number(0, Int64.self))
    nodes = try table.structs(1, size: 16)
    buffers = try table.structs(2, size: 16)
    extraBuffers = try table.structs(4, size: 8)
    codec = try table.table(3).map { compression throws(ColumnFault) in try compression.number(0, UInt8.self) }
  }

  /// The column of a field of the schema; nil where it is passed over.
  ///
  /// - Parameters:
  ///   - count: values that it must have at least; nil: as many as it says.
  ///   - values: true for the values of a dictionary, which stand for themselves.
  mutating func column(
    _ field: ArrowField, count expected: Int?, isRead: Bool, values: Bool = false,
    dictionaries: [Int64: ArrowColumn]
  ) throws(ColumnFault) -> ArrowColumn? {
    guard nextNode < nodes.count else { throw .damaged("a batch has fewer columns than the schema") }
    let count = Int64(littleEndian: nodes.bytes.loadUnaligned(fromByteOffset: 16 * nextNode, as: Int64.self))
    nextNode += 1
    guard let count = Int(exactly: count), count >= 0, count < 1 << 48, count >= expected ?? 0 else {
      throw fault(field, "has \(count) values where \(expected ?? 0) belong")
    }
    let encoding = values ? nil : field.dictionary
    let type = encoding?.index ?? field.type
    var data: [PageBuffer] = []
    let bufferCount = if let fixed = type.bufferCount { fixed } else { try viewBuffers() }
    for _ in 0..<bufferCount {
      let buffer = try buffer(isRead: isRead)
      if isRead { data.append(buffer) }
    }
    var children: [ArrowColumn] = []
    if encoding == nil {
      for child in field.children {
        var inner: Int?
        if case .structure = type { inner = count }
        if case .fixedList(let size) = type { inner = CheckedSize.product([count, size]) ?? .max }
        if let column = try column(child, count: inner, isRead: isRead, dictionaries: dictionaries) {
          children.append(column)
        }
      }
    }
    guard isRead else { return nil }
    var dictionary: ArrowColumn?
    if let encoding {
      guard let found = dictionaries[encoding.id] else { throw fault(field, "has no dictionary \(encoding.id)") }
      dictionary = found
    }
    let column = ArrowColumn(
      name: field.name, type: type, count: count, buffers: data, children: children, dictionary: dictionary)
    try column.check()
    return column
  }

  private func fault(_ field: ArrowField, _ problem: String) -> ColumnFault {
    .damaged("the column \"\(excerpt(field.name))\" \(problem)")
  }

  /// Buffers of a column of views: two, and as many as the batch says.
  private mutating func viewBuffers() throws(ColumnFault) -> Int {
    guard nextExtra < extraBuffers.count else { throw .damaged("a batch does not say how many buffers a column has") }
    let count = Int64(littleEndian: extraBuffers.bytes.loadUnaligned(fromByteOffset: 8 * nextExtra, as: Int64.self))
    nextExtra += 1
    guard (0...Int64(buffers.count)).contains(count) else { throw .damaged("a column of \(count) buffers") }
    return 2 + Int(count)
  }

  /// The next buffer, decompressed where it is read.
  private mutating func buffer(isRead: Bool) throws(ColumnFault) -> PageBuffer {
    guard nextBuffer < buffers.count else { throw .damaged("a batch has fewer buffers than its columns need") }
    let place = 16 * nextBuffer
    let start = Int64(littleEndian: buffers.bytes.loadUnaligned(fromByteOffset: place, as: Int64.self))
    let size = Int64(littleEndian: buffers.bytes.loadUnaligned(fromByteOffset: place + 8, as: Int64.self))
    nextBuffer += 1
    guard start >= 0, size >= 0, start <= body.count, size <= Int64(body.count) - start else {
      throw .damaged("a buffer lies outside its message")
    }
    let bytes = UnsafeRawBufferPointer(rebasing: body[Int(start)..<Int(start + size)])
    guard isRead, let codec, !bytes.isEmpty else { return PageBuffer(bytes) }
    // Before the compressed bytes stands their size once decompressed; −1 where they are not compressed.
    var cursor = ByteCursor(bytes)
    let count = try cursor.number(Int64.self)
    let content = try cursor.take(cursor.remaining)
    if count == -1 { return PageBuffer(content) }
    guard let count = Int(exactly: count), count >= 0 else { throw .damaged("a buffer of \(count) bytes") }
    switch codec {
    case 0: return try PageBuffer(lz4Frame: content, count: count)
    case 1: return try PageBuffer(content, codec: 6, count: count)
    default:
      throw .unsupported(
        "the unknown compression \(codec) is not read",
        remedy: "write it again with compression='zstd' of pyarrow.feather.write_feather")
    }
  }
}
