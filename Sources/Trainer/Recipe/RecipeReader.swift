import Foundation

/// Reader of the keys of one mapping of a recipe.
///
/// Unknown keys are refused when the reader is made, so a misspelt key is reported before the key that is missing
/// because of it.
struct RecipeReader {
  private let entries: [RecipeNode.Entry]
  /// The mapping's dotted path with a trailing dot; empty at the root.
  private let prefix: String
  /// Place at which the mapping begins.
  let place: String
  /// The recipe's folder, which relative paths begin at.
  let folder: URL

  /// - Parameters:
  ///   - known: the keys that this mapping may hold.
  ///   - elsewhere: keys that belong to another mapping, with that mapping's name.
  ///   - folder: the recipe's folder, which relative paths begin at.
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
          + Self.advice(on: entry, path: path, known: known, elsewhere: elsewhere))
    }
  }

  private static func advice(
    on entry: RecipeNode.Entry, path: String, known: [String], elsewhere: [String: String]
  ) -> String {
    if let owner = elsewhere[entry.key] { return "it is a key of \(owner); move it there" }
    if let advice = RecipeSynonym.advice(on: entry.key, entry.value, at: path) { return advice }
    let nearest = EditDistance.nearest(to: entry.key, among: known + elsewhere.keys.sorted()) ?? ""
    let owner = elsewhere[nearest].map { " (a key of \($0))" } ?? ""
    return "the nearest known key is '\(nearest)'\(owner)"
  }

  /// Returns a reader of the mapping that is the value of a key; of an empty one where the key is not given.
  func mapping(_ key: String, known: [String]) throws(RecipeError) -> RecipeReader {
    let node = node(key) ?? RecipeNode(content: .mapping([]), place: place)
    return try RecipeReader(node, path: name(key), known: known, folder: folder)
  }

  /// The mapping's own name as errors show it.
  var path: String { String(prefix.dropLast()) }

  /// The key's full name as errors show it.
  func name(_ key: String) -> String { prefix + key }

  /// The value of a key; nil where the mapping lacks it.
  func node(_ key: String) -> RecipeNode? { entries.first { $0.key == key }?.value }

  /// Place of a key's value; of the mapping where it lacks the key.
  func place(of key: String) -> String { node(key)?.place ?? place }

  /// An error about the value of a key; a value of another tool is answered with ours.
  func error(_ key: String, _ node: RecipeNode, allowed: String) -> RecipeError {
    let advice = RecipeSynonym.advice(onValue: node, of: key, at: path).map { ": " + $0 } ?? ""
    return RecipeError(place: node.place, message: "\(name(key)) is \(node.shown), but should be \(allowed)" + advice)
  }

  /// An error about a required key that is missing.
  func missing(_ key: String, remedy: String) -> RecipeError {
    RecipeError(place: place, message: "\(name(key)) is missing: \(remedy)")
  }
}
