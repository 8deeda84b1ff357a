/// Places where a template's own text may be divided: after a line's end or a closing bracket, so that no control token
/// is cut in two.
enum TextBorder {
  /// Bytes that both texts begin with: all of `first`, or else as many as end at a border.
  static func shared(_ first: [UInt8], _ second: ArraySlice<UInt8>) -> Int {
    let count = zip(first, second).prefix { $0 == $1 }.count
    return count == first.count ? count : ends(of: first[..<count]).last ?? 0
  }

  /// Counts of bytes at which a text may be divided, ascending.
  static func ends(of text: some Collection<UInt8>) -> [Int] {
    text.enumerated().filter { "\n>])}".utf8.contains($0.element) }.map { $0.offset + 1 }
  }

  /// True where a text holds more than white space.
  static func says(_ text: some Sequence<UInt8>) -> Bool { text.contains { $0 != 0x20 && !(0x09...0x0D).contains($0) } }

  /// The last place where `part` stands in `text`; nil where it does not.
  static func lastStart(of part: ArraySlice<UInt8>, in text: ArraySlice<UInt8>) -> Int? {
    guard part.count <= text.count else { return nil }
    return (text.startIndex...(text.endIndex - part.count)).last { text[$0...].starts(with: part) }
  }
}
