/// Decoder of the hybrid of runs and packed bits, in which levels, places in a dictionary and truth values are written.
///
/// Source: Encodings.md of Apache Parquet (RLE = 3). Nothing is decoded ahead: a run of a billion takes no memory.
struct RunLengthDecoder {
  private var cursor: ByteCursor
  private let width: Int
  /// Numbers that are left of the run.
  private var left = 0
  /// The number that the run repeats.
  private var repeated: UInt32 = 0
  /// Packed numbers of the run, and how many of them are passed; nil where it repeats one number.
  private var packed: PackedBits?
  private var passed = 0

  /// A decoder of numbers of `width` bits, 0 to 32.
  init(_ bytes: UnsafeRawBufferPointer, width: Int) throws(ColumnFault) {
    guard (0...32).contains(width) else { throw .damaged("numbers of \(width) bits, where at most 32 can be") }
    cursor = ByteCursor(bytes)
    self.width = width
  }

  /// The next number.
  mutating func next() throws(ColumnFault) -> UInt32 {
    while left == 0 { try beginRun() }
    left -= 1
    guard let packed else { return repeated }
    defer { passed += 1 }
    return UInt32(truncatingIfNeeded: try packed.number(at: passed))
  }

  private mutating func beginRun() throws(ColumnFault) {
    guard cursor.remaining > 0 else { throw .damaged("runs end before the page's last value") }
    let header = try cursor.variableLengthNumber()
    guard header >> 1 <= UInt64(Int32.max) else { throw .damaged("a run is longer than a page can be") }
    let count = Int(header >> 1)
    if header & 1 == 1 {
      // Groups of eight; some writers cut the last one to the bytes that hold values.
      packed = PackedBits(try cursor.take(min(count * width, cursor.remaining)), width: width)
      (left, passed) = (8 * count, 0)
    } else {
      var number: UInt32 = 0
      for index in 0..<(width + 7) / 8 { number |= UInt32(try cursor.byte()) << UInt32(8 * index) }
      (left, repeated, packed) = (count, number, nil)
    }
  }
}
