import Foundation

/// One mapping of a recipe, read key by key with the checks that every key shares.
///
/// Keys that the mapping may not hold are refused when the reader is made, so a misspelt key is named before anything
/// that is missing because of it.
struct RecipeReader {
  private let entries: [RecipeNode.Entry]
  /// The mapping's dotted path with a trailing dot, or nothing at the root.
  private let prefix: String
  /// Where the mapping begins.
  let place: String
  /// The recipe's folder: relative paths begin here.
  private let folder: URL

  /// - Parameters:
  ///   - known: the keys that this mapping may hold.
  ///   - elsewhere: keys that belong to another mapping, with that mapping's name.
  ///   - folder: the recipe's, where relative paths begin.
  init(
    _ node: RecipeNode, path: String, known: [String], elsewhere: [String: String] = [:], folder: URL
  ) throws(RecipeError) {
    guard case .mapping(let entries) = node.content else {
      let name = path.isEmpty ? "the recipe" : path
      throw RecipeError(
        place: node.place,
        message: "\(name) is \(node.shown), but should be a mapping with the keys \(known.joined(separator: ", "))")
    }
    self.entries = entries
    prefix = path.isEmpty ? "" : path + "."
    place = node.place
    self.folder = folder
    for entry in entries where !known.contains(entry.key) {
      throw RecipeError(
        place: entry.place,
        message: "unknown key '\(prefix)\(entry.key)': "
          + Self.advice(on: entry.key, known: known, elsewhere: elsewhere))
    }
  }

  private static func advice(on key: String, known: [String], elsewhere: [String: String]) -> String {
    if let owner = elsewhere[key] { return "it is a key of \(owner); move it there" }
    let nearest = EditDistance.nearest(to: key, among: known + elsewhere.keys.sorted()) ?? ""
    let owner = elsewhere[nearest].map { " (a key of \($0))" } ?? ""
    return "the nearest known key is '\(nearest)'\(owner)"
  }

  /// Reads a mapping within this one.
  func mapping(_ node: RecipeNode, _ key: String, known: [String]) throws(RecipeError) -> RecipeReader {
    try RecipeReader(node, path: name(key), known: known, folder: folder)
  }

  /// Reads a mapping within this one whose keys are names that the recipe gives; nil where it is null or not given.
  func namedMapping(_ key: String, allowed: String) throws(RecipeError) -> (names: [String], values: RecipeReader)? {
    guard let node = node(key), !node.isNull else { return nil }
    guard case .mapping(let entries) = node.content else { throw error(key, node, allowed: allowed) }
    let names = entries.map(\.key)
    return (names, try mapping(node, key, known: names))
  }

  /// The key's full name as errors show it.
  func name(_ key: String) -> String { prefix + key }

  /// The value of a key, or nil where the mapping does not hold it.
  func node(_ key: String) -> RecipeNode? { entries.first { $0.key == key }?.value }

  /// An error about the value of a key.
  func error(_ key: String, _ node: RecipeNode, allowed: String) -> RecipeError {
    RecipeError(place: node.place, message: "\(name(key)) is \(node.shown), but should be \(allowed)")
  }

  /// An error about a key that must be there.
  func missing(_ key: String, remedy: String) -> RecipeError {
    RecipeError(place: place, message: "\(name(key)) is missing: \(remedy)")
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(RecipeError) -> Int? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let text, isPlain: true) = node.content, let value = Int(text), range.contains(value) else {
      throw error(key, node, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// - Parameter allowed: the range in words, for the error.
  func number(
    _ key: String, allowed: String, where isAllowed: (Double) -> Bool
  ) throws(RecipeError) -> Double? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let text, isPlain: true) = node.content, let value = Double(text), value.isFinite,
      isAllowed(value)
    else { throw error(key, node, allowed: allowed) }
    return value
  }

  func boolean(_ key: String) throws(RecipeError) -> Bool? {
    guard let node = node(key) else { return nil }
    if case .scalar(let text, isPlain: true) = node.content {
      if ["true", "True", "TRUE"].contains(text) { return true }
      if ["false", "False", "FALSE"].contains(text) { return false }
    }
    throw error(key, node, allowed: "true or false")
  }

  func text(_ key: String, allowed: String = "text") throws(RecipeError) -> String? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let text, _) = node.content, !node.isNull, !text.isEmpty, !text.contains("\0") else {
      throw error(key, node, allowed: allowed)
    }
    return text
  }

  /// One of an enumeration's words.
  func word<Word: RawRepresentable & CaseIterable>(
    _ key: String, as type: Word.Type
  ) throws(RecipeError) -> Word? where Word.RawValue == String {
    guard let node = node(key) else { return nil }
    if case .scalar(let text, _) = node.content, let word = Word(rawValue: text) { return word }
    throw error(key, node, allowed: "one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
  }

  /// Null, or nothing where the key is not given, as nil.
  func optional<Value>(
    _ key: String, _ read: (RecipeReader) throws(RecipeError) -> Value?
  ) throws(RecipeError) -> Value? {
    guard let node = node(key), !node.isNull else { return nil }
    return try read(self)
  }

  /// A path, made absolute: relative to the recipe's folder, or to the home folder where it begins with `~/`.
  func path(_ key: String) throws(RecipeError) -> URL? {
    guard let text = try text(key, allowed: "a path") else { return nil }
    if text.hasPrefix("/") { return URL(fileURLWithPath: text).standardizedFileURL }
    if text == "~" || text.hasPrefix("~/") {
      let home = FileManager.default.homeDirectoryForCurrentUser
      return URL(fileURLWithPath: home.path + text.dropFirst()).standardizedFileURL
    }
    return URL(fileURLWithPath: folder.path + "/" + text).standardizedFileURL
  }
}
