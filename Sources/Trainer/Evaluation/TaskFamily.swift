/// Kind of a dataset's task, which names the metrics of its answers.
package enum TaskFamily: String, Sendable, CaseIterable {
  case generation, dialogue, translation, qa, writing, extraction, classification

  /// Metrics of answers.
  ///
  /// - Parameter labels: labels of a classification.
  package func metrics(labels: [String] = []) -> [any TextMetric] {
    switch self {
    case .generation: [Distinct(order: 1), Distinct(order: 2)]
    case .dialogue: [CharacterF(), RougeL(), Distinct(order: 2)]
    case .translation: [CharacterF(), BLEU()]
    case .qa: [ExactMatch(), TokenF1()]
    case .writing: [RougeL()]
    case .extraction: [EntityF1()]
    case .classification: [Accuracy(), MacroF1(labels: labels)]
    }
  }
}

extension Sample {
  /// The last stretch of supervised ids, and all ids before it; nil where nothing is supervised, or no prompt is left.
  ///
  /// A text, which is supervised from its start, is divided in two: its second half is the answer.
  package var lastAnswer: (prompt: [Int32], answer: [Int32])? {
    guard let last = labels.lastIndex(where: { $0 != Self.ignoredLabel }) else { return nil }
    let before = labels[..<last].lastIndex { $0 == Self.ignoredLabel }
    var start = before.map { $0 + 1 } ?? 0
    // A lone BOS is no prompt.
    if start <= 1 { start = (last + 1) / 2 }
    guard start > 0 else { return nil }
    return (Array(ids[..<start]), Array(ids[start...last]))
  }
}
