import Foundation
import Yams

/// Parser: YAML text → `RecipeNode`.
enum RecipeParsing {
  /// Most nodes of a recipe with its aliases expanded: a few nested aliases can stand for billions.
  private static let nodeLimit = 100_000
  /// Most bytes of a recipe.
  private static let byteLimit = 4 << 20

  /// Reads a recipe's file.
  static func tree(of url: URL) throws(RecipeError) -> RecipeNode {
    let name = url.lastPathComponent
    let content: Data?
    do throws(FileError) {
      content = try InputFile.contentsIfPresent(url.path, limit: byteLimit)
    } catch {
      throw RecipeError(
        place: url.path, message: "the recipe cannot be read: \(error.problem); give a YAML file that you may read",
        exitCode: error.exitCode)
    }
    guard let data = content else {
      throw RecipeError(
        place: url.path, message: "no such recipe: give the path of a YAML file that exists", exitCode: 66)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw RecipeError(place: name, message: "is not UTF-8 text: save the recipe as UTF-8")
    }
    return try tree(of: text) { "\(name):\($0)" }
  }

  /// Parses YAML text.
  /// - Parameter place: returns the place of a line, counted from 1, for errors.
  static func tree(of text: String, place: (Int) -> String) throws(RecipeError) -> RecipeNode {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw describe(error, place: place)
    } catch {
      throw RecipeError(place: place(1), message: "is not YAML: \(error)")
    }
    guard let root else {
      return RecipeNode(content: .scalar("", isPlain: true), place: place(1))
    }
    var remaining = nodeLimit
    return try convert(root, remaining: &remaining, place: place)
  }

  private static func convert(
    _ node: Node, remaining: inout Int, place: (Int) -> String
  ) throws(RecipeError) -> RecipeNode {
    let here = place(node.mark?.line ?? 1)
    remaining -= 1
    guard remaining > 0 else {
      throw RecipeError(
        place: here, message: "more than \(nodeLimit) values once aliases (*name) are expanded: write them out instead")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      return RecipeNode(content: .scalar(scalar.string, isPlain: isPlain), place: here)
    case .sequence(let sequence):
      var items: [RecipeNode] = []
      for item in sequence {
        items.append(try convert(item, remaining: &remaining, place: place))
      }
      return RecipeNode(content: .sequence(items), place: here)
    case .mapping(let mapping):
      var entries: [RecipeNode.Entry] = []
      for (key, value) in mapping {
        let keyPlace = place(key.mark?.line ?? 1)
        guard case .scalar(let scalar) = key else {
          throw RecipeError(place: keyPlace, message: "a list or mapping stands where a key should: use a plain word")
        }
        let value = try convert(value, remaining: &remaining, place: place)
        entries.append(.init(key: scalar.string, place: keyPlace, value: value))
      }
      return RecipeNode(content: .mapping(entries), place: here)
    case .alias:
      throw RecipeError(place: here, message: "an alias (*name) without its anchor: write the value out")
    }
  }

  /// Turns Yams's error, of several lines, into one line with its place.
  private static func describe(_ error: YamlError, place: (Int) -> String) -> RecipeError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return RecipeError(
        place: place(mark.line),
        message: "is not YAML: \(problem) (column \(mark.column)); quote text that holds : # @ or brackets")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      return RecipeError(
        place: place(context.mark.line), message: "the mapping here gives \(keys) more than once: keep one")
    case .reader(let problem, let offset, _, _):
      return RecipeError(
        place: place(1), message: "is not YAML: \(problem) at character \(offset ?? 0): save it as plain UTF-8 text")
    default:
      return RecipeError(place: place(1), message: "is not YAML: write it as plain UTF-8 YAML text")
    }
  }
}
