/// Places of a dataset's samples, 8 bytes each: the samples of one file follow one another.
package struct RowPlaces: Sendable {
  /// Paths of the files, in their order.
  private var files: [String] = []
  /// Of each sample, the index of its file, and the line there from 1; 0 for a file that has no lines.
  private var places: [(file: Int32, line: Int32)] = []

  /// Places of no samples.
  package init() {}

  /// Adds the place of the next sample: `path/train.jsonl:17`, or a path.
  mutating func append(_ place: String) {
    let colon = place.lastIndex(of: ":")
    let behind = colon.map { place[place.index(after: $0)...] } ?? ""
    // In a list a row is told by its line and its number: `path/train.json:1 (row 3)`.
    let digits = behind.prefix { $0.isASCII && $0.isNumber }
    let isLine = digits.endIndex == behind.endIndex || behind[digits.endIndex...].hasPrefix(" (row ")
    let line = isLine ? Int32(digits) : nil
    let file = line == nil ? place[...] : place[..<(colon ?? place.endIndex)]
    if files.last.map({ $0 == file }) != true { files.append(String(file)) }
    places.append((Int32(files.count - 1), line ?? 0))
  }

  /// The place of a sample; nil where it is unknown.
  subscript(sample: Int) -> String? {
    guard places.indices.contains(sample) else { return nil }
    let place = places[sample]
    return place.line > 0 ? "\(files[Int(place.file)]):\(place.line)" : files[Int(place.file)]
  }
}
