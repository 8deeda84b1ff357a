/// Limits on the rendering of one template: evaluation steps, and bytes that it reads or makes.
///
/// A template comes from a model's files, and a few hundred bytes of it can ask for more than any machine has: lists
/// that share their items stand for billions of values, text doubles with each line. Code that loops, compares,
/// searches or makes a value spends from the budget first. A longer conversation has a larger budget.
final class TemplateBudget {
  private static let freeSteps = 1_000_000
  private static let freeBytes = 16 << 20
  private static let stepsPerMessage = 1000
  private static let bytesPerMessage = 16 << 10
  /// Every filter, comparison and search on a message's content reads it once more.
  private static let bytesPerContentByte = 128
  /// Bytes of one new value, about: its place in a list, and a short text's storage.
  private static let bytesPerValue = 64

  private let stepLimit: Int
  private let byteLimit: Int
  private var steps: Int
  private var bytes: Int

  /// The budget for a conversation of `messageCount` messages with so many bytes of text.
  init(messageCount: Int, contentBytes: Int) {
    stepLimit = Self.freeSteps + messageCount * Self.stepsPerMessage
    byteLimit = Self.freeBytes + messageCount * Self.bytesPerMessage + contentBytes * Self.bytesPerContentByte
    (steps, bytes) = (stepLimit, byteLimit)
  }

  /// Counts statements and expressions evaluated, and values visited.
  func spend(steps count: Int) throws(TemplateFault) {
    guard count <= steps else {
      throw TemplateFault(
        "the template takes more than \(stepLimit) steps: is a loop too long, or does a list hold itself many times?")
    }
    steps -= count
  }

  /// Counts `size` bytes that are read or made, `count` times.
  func spend(bytes size: Int, times count: Int = 1) throws(TemplateFault) {
    let (product, overflows) = size.multipliedReportingOverflow(by: count)
    guard !overflows, product <= bytes else {
      throw TemplateFault(
        "the template reads and makes more than \(byteLimit) bytes of text and lists: does a text grow in a loop?")
    }
    bytes -= product
  }

  /// Counts a text that is read, copied or printed.
  func spend(_ text: TemplateText) throws(TemplateFault) {
    try spend(bytes: text.byteCount)
    try spend(bytes: Self.bytesPerValue, times: text.runs.count + text.generated.count + text.traces.count)
  }

  /// Counts values that are made.
  func spend(values count: Int) throws(TemplateFault) { try spend(bytes: Self.bytesPerValue, times: count) }

  /// Counts values that are put into one more list as they are.
  func spend(copies count: Int) throws(TemplateFault) {
    try spend(bytes: MemoryLayout<TemplateValue>.stride, times: count)
  }

  /// Counts a linear search for a key among `count` others.
  func spend(lookupOf key: String, among count: Int) throws(TemplateFault) {
    try spend(steps: count / 8)
    try spend(bytes: key.utf8.count, times: count)
  }

  /// The text without its marks, counted as read.
  func plain(_ text: TemplateText) throws(TemplateFault) -> String {
    try spend(text)
    return text.plain
  }
}
