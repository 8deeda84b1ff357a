extension ReadingOrder {
  /// The form of `objective`; keys that are not given keep their inherited values.
  static let form = KeyForm<ReadingOrder>.mapping(keys, defaults: ReadingOrder(), check: check)

  private static let share = KeyForm.number("a share from 0 to 1") { (0...1).contains($0) }

  private static let keys: [Key<ReadingOrder>] = [
    Key("forward", \.forward, share, "Share of rows that are read forwards; 1 − `reverse` where left out.") {
      _, _, order in order.reverse = 1 - order.forward
    },
    Key("reverse", \.reverse, share, "Share of rows that are read in reverse; 1 − `forward` where left out.") {
      reader, _, order in
      if reader.node("forward") == nil { order.forward = 1 - order.reverse }
    },
    Key("unit", \.unit, .word, "Unit of reversal: the units' order is reversed, the order inside each is kept."),
    Key(
      "longest_segment", \.longestSegment, .count(1...1_000_000),
      "Most words of a segment, where `unit` is segment; lengths are random."),
    Key(
      "marker", \.marker, KeyForm.text("null, or a text").orNull,
      "Text that begins each reversed row, right after BOS; null adds none."),
  ]

  private static func check(_ reader: RecipeReader, _ order: ReadingOrder) throws(RecipeError) {
    let sum = order.forward + order.reverse
    guard abs(sum - 1) < 1e-6 else {
      throw RecipeError(
        place: reader.place,
        message: "\(reader.path) shares rows forward \(order.forward) + reverse \(order.reverse) = \(sum), but the "
          + "shares should sum to 1: set both, or leave one out")
    }
  }
}
