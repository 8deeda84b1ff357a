/// The `objective` mapping among the training keys.
extension RecipeDecoding {
  /// Reads `objective`; a share that is not given is what the other leaves.
  static func objective(
    _ node: RecipeNode, in parent: RecipeReader, into objective: inout ReadingOrder
  ) throws(RecipeError) {
    let reader = try parent.mapping(node, "objective", known: ReadingOrder.keys)
    let allowed = "a share from 0 to 1"
    let forward = try reader.number("forward", allowed: allowed) { (0...1).contains($0) }
    let reverse = try reader.number("reverse", allowed: allowed) { (0...1).contains($0) }
    if let share = forward ?? reverse.map({ 1 - $0 }) {
      objective.forward = share
      objective.reverse = reverse ?? 1 - share
    }
    guard abs(objective.forward + objective.reverse - 1) < 1e-6 else {
      throw RecipeError(
        place: reader.place,
        message: "\(parent.name("objective")) shares rows forward \(objective.forward) + reverse "
          + "\(objective.reverse) = \(objective.forward + objective.reverse), but the shares should sum to 1: set both, or leave one out"
      )
    }
    if let unit = try reader.word("unit", as: Reversal.Unit.self) { objective.unit = unit }
    if let longest = try reader.integer("longest_segment", in: 1...1_000_000) { objective.longestSegment = longest }
    if reader.node("marker") != nil {
      objective.marker = try reader.optional("marker") { reader throws(RecipeError) in
        try reader.text("marker", allowed: "null, or a text")
      }
    }
  }
}

extension ReadingOrder {
  fileprivate static let keys = ["forward", "reverse", "unit", "longest_segment", "marker"]

  /// The settings as YAML.
  var yaml: String {
    let values = [
      RecipeYAML.number(forward), RecipeYAML.number(reverse), unit.rawValue, String(longestSegment),
      marker.map { RecipeYAML.text($0) } ?? "null",
    ]
    return "{" + zip(Self.keys, values).map { "\($0): \($1)" }.joined(separator: ", ") + "}"
  }
}
