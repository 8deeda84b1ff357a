/// Decoder of integers that are written as differences, in packed blocks.
///
/// Source: Encodings.md of Apache Parquet (DELTA_BINARY_PACKED = 5). Nothing is decoded ahead.
struct DeltaDecoder {
  private var cursor: ByteCursor
  /// Numbers that the bytes hold.
  let count: Int
  private let miniblockCount: Int
  private let valuesPerMiniblock: Int
  /// The next number, and how many are passed.
  private var value: Int64
  private var passed = 0
  /// The block's least difference and the widths of its miniblocks that are left.
  private var leastDelta: Int64 = 0
  private var widths: ArraySlice<UInt8> = []
  /// The miniblock's differences above the least one.
  private var packed = PackedBits(UnsafeRawBufferPointer(start: nil, count: 0), width: 0)
  private var placeInMiniblock: Int

  /// Reads the header of `bytes`.
  ///
  /// - Parameter most: most numbers that there may be.
  init(_ bytes: UnsafeRawBufferPointer, most: Int) throws(ColumnFault) {
    cursor = ByteCursor(bytes)
    let blockSize = try cursor.count(upTo: 1 << 24, of: "the size of a block")
    miniblockCount = try cursor.count(upTo: 1 << 12, of: "the number of miniblocks")
    count = try cursor.count(upTo: most, of: "the number of differences")
    value = try cursor.zigzagNumber()
    guard miniblockCount > 0, blockSize > 0, blockSize % miniblockCount == 0, blockSize / miniblockCount % 8 == 0
    else { throw .damaged("blocks of \(blockSize) values in \(miniblockCount) parts") }
    valuesPerMiniblock = blockSize / miniblockCount
    placeInMiniblock = valuesPerMiniblock
  }

  /// The next number. Sums wrap around, as the format says.
  mutating func next() throws(ColumnFault) -> Int64 {
    guard passed < count else { throw .damaged("differences end before the page's last value") }
    if passed > 0 {
      if placeInMiniblock == valuesPerMiniblock { try beginMiniblock() }
      let delta = Int64(bitPattern: try packed.number(at: placeInMiniblock))
      value = value &+ leastDelta &+ delta
      placeInMiniblock += 1
    }
    passed += 1
    return value
  }

  private mutating func beginMiniblock() throws(ColumnFault) {
    if widths.isEmpty {
      leastDelta = try cursor.zigzagNumber()
      widths = ArraySlice(try cursor.take(miniblockCount))
    }
    guard let width = widths.popFirst(), width <= 64 else { throw .damaged("differences of more than 64 bits") }
    // Of the last miniblock a writer may leave out what holds no values.
    let byteCount = valuesPerMiniblock / 8 * Int(width)
    packed = PackedBits(try cursor.take(min(byteCount, cursor.remaining)), width: Int(width))
    placeInMiniblock = 0
  }

  /// The bytes behind the last number, found by passing over all of them.
  func rest() throws(ColumnFault) -> UnsafeRawBufferPointer {
    var decoder = self
    while decoder.passed < decoder.count { _ = try decoder.next() }
    return try decoder.cursor.take(decoder.cursor.remaining)
  }
}
