/// Ranking of answers by a reverse model's prediction of the prompt from each answer.
///
/// score = mean ln p(prompt's tokens | answer), from the prompt's last token to its first.
///
/// - Source: arXiv:2507.01335, section on reverse reward: P(prompt | answer) under a reverse model.
package struct ReverseRanking: Sendable {
  /// An answer and its score, in nats a token; nil where no token of the prompt could be scored.
  package struct Candidate: Sendable, Equatable {
    /// Index among the answers that were drawn.
    package let index: Int
    package let score: Double?
  }

  /// Samples for the reverse model, one for each answer; the prompt alone is supervised.
  package let samples: [Sample]

  /// - Parameter text: the conversion by which the reverse model was trained.
  package init(_ text: ReverseText, prompt: String, answers: [String]) {
    samples = answers.map { text.sample(prompt: prompt, completion: $0) }
  }

  /// The answers from best to worst. Ties keep the order of drawing; answers without a score come last.
  ///
  /// - Parameter losses: −ln p of each target of each of the `samples`; 0 at positions without a target.
  package func ranked(_ losses: [[Float]]) -> [Candidate] {
    precondition(losses.count == samples.count, "losses for each sample")
    let candidates = samples.indices.map { index in
      let count = samples[index].targetCount
      let sum = losses[index].reduce(0) { $0 + Double($1) }
      return Candidate(index: index, score: count > 0 && sum.isFinite ? -sum / Double(count) : nil)
    }
    return candidates.sorted {
      let (first, second) = ($0.score ?? -.infinity, $1.score ?? -.infinity)
      return first != second ? first > second : $0.index < $1.index
    }
  }
}
