/// Origin of a text or of a mapping's keys: the template itself, or the values that it was given.
struct TemplateOrigin: Sendable, Equatable {
  /// True for what the template was given, which must never become control tokens.
  private(set) var isContent = false
  /// Place of the message that it comes from, from 0; nil for any other value, and for what several messages make.
  private(set) var turn: Int?
  /// True where several messages made it.
  private var isMixed = false

  /// The template's own.
  static let template = TemplateOrigin()

  /// A value that the template was given: a message's, or another one.
  static func content(turn: Int? = nil) -> TemplateOrigin {
    var origin = TemplateOrigin()
    (origin.isContent, origin.turn) = (true, turn)
    return origin
  }

  /// Adds the origin of a part. What is made of the template's text and of content counts as content.
  mutating func add(_ other: TemplateOrigin) {
    isContent = isContent || other.isContent
    if let own = turn, let added = other.turn, own != added { isMixed = true }
    isMixed = isMixed || other.isMixed
    turn = isMixed ? nil : turn ?? other.turn
  }
}
