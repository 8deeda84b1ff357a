/// The keys that say which rows are read, and how.
extension RecipeDecoding {
  /// Reads `columns`: our keys, and what the files call them; null and nothing rename nothing.
  static func columns(_ round: RecipeReader) throws(RecipeError) -> ColumnNames {
    guard let node = round.node("columns"), !node.isNull else { return .none }
    let path = round.name("columns")
    let reader = try round.mapping(node, "columns", known: ColumnNames.keys)
    var columns: [String: String] = [:]
    for key in ColumnNames.keys {
      columns[key] = try reader.text(key, allowed: "the name of a column in the round's files")
    }
    do throws(ColumnNames.Fault) {
      return try ColumnNames(columns)
    } catch {
      throw RecipeError(place: node.place, message: "\(path) \(error.message)")
    }
  }

  /// Reads `split`, which does what `valid` does, and so cannot stand beside it.
  static func split(_ round: RecipeReader) throws(RecipeError) -> Double? {
    guard let node = round.node("split"), !node.isNull else { return nil }
    let allowed = "the share of rows that train, above 0 and below 1, or null"
    let share = try round.number("split", allowed: allowed) { $0 > 0 && $0 < 1 }
    guard round.node("valid")?.isNull ?? true else {
      throw RecipeError(
        place: node.place,
        message: "\(round.name("split")) holds out rows of train, and \(round.name("valid")) names a file of them: "
          + "keep one of the two")
    }
    return share
  }

  /// Reads `allow_leaks`: the recipe's datasets whose held-out rows may stand among the rows that train.
  static func allowLeaks(_ recipe: RecipeReader, rounds: [String]) throws(RecipeError) -> [String] {
    guard let node = recipe.node("allow_leaks"), !node.isNull else { return [] }
    let allowed = "a list of rounds' names, as in allow_leaks: [\(rounds.joined(separator: ", "))]"
    guard case .sequence(let items) = node.content else {
      throw recipe.error("allow_leaks", node, allowed: allowed)
    }
    var names: [String] = []
    for (index, item) in items.enumerated() {
      guard case .scalar(let name, _) = item.content, rounds.contains(name) else {
        throw recipe.error(
          "allow_leaks[\(index)]", item, allowed: "one of the rounds' names, \(rounds.joined(separator: ", "))")
      }
      names.append(name)
    }
    return names
  }
}
