import Kernels

/// A model's answer to one row.
package struct TaskAnswer: Sendable, Equatable {
  package let prompt: String
  /// The answer and its reference, both without surrounding white space.
  package let pair: TextPair
}

/// Asks a model the rows of a dataset, and scores its answers.
package struct TaskEvaluator {
  private struct Question {
    let prompt: [Int32]
    let answer: [Int32]
  }

  /// Most labels of a classification: every row is evaluated once with each label.
  package static let mostLabels = 100

  private let family: TaskFamily
  private let tokenizer: any Tokenizer
  private let maxTokens: Int
  private let questions: [Question]
  /// Labels of a classification, sorted by text, with their ids; empty for other families.
  private let labels: [(text: String, ids: [Int32])]

  /// - Parameters:
  ///   - samples: samples of a dataset; those without an answer to write (`lastAnswer`) are left out.
  ///   - maxTokens: most tokens of a written answer.
  ///   - contextLength: most tokens of prompt and answer together; a longer prompt loses its beginning.
  /// - Throws: `TaskError` for too many labels, and where an answer leaves no room for its prompt.
  package init(
    _ family: TaskFamily, samples: [Sample], tokenizer: any Tokenizer, maxTokens: Int, contextLength: Int
  ) throws(TaskError) {
    let asked = samples.compactMap { $0.lastAnswer }
    precondition(!asked.isEmpty, "a dataset has a supervised token")
    var labels: [String: [Int32]] = [:]
    if family == .classification {
      for (_, answer) in asked { labels[Self.text(answer, tokenizer)] = answer }
      guard labels.count <= Self.mostLabels else { throw .tooManyLabels(labels.count) }
    }
    let longest = family == .classification ? labels.values.map(\.count).max() ?? 0 : maxTokens
    guard longest < contextLength else { throw .noRoom(answer: longest, context: contextLength) }
    self.family = family
    self.tokenizer = tokenizer
    self.labels = labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    questions = asked.map { Question(prompt: $0.prompt.suffix(contextLength - longest), answer: $0.answer) }
    self.maxTokens = maxTokens
  }

  /// Every row with every label, row by row; the label alone is supervised. Empty where answers are written.
  package var candidates: [Sample] {
    questions.flatMap { question in
      labels.map { label in
        Sample(
          ids: question.prompt + label.ids,
          labels: [Int32](repeating: Sample.ignoredLabel, count: question.prompt.count) + label.ids)
      }
    }
  }

  /// Tokens of context that a generator needs; 0 where labels are chosen.
  package var generatedLength: Int {
    family == .classification ? 0 : maxTokens + (questions.map(\.prompt.count).max() ?? 0)
  }

  /// Number of rows that are asked.
  package var questionCount: Int { questions.count }

  /// Answers every row: chooses the label of the lowest loss, or has the answer written.
  ///
  /// - Parameter generator: has a context of at least `generatedLength`; nil where labels are chosen.
  package func answers(
    _ evaluator: LossEvaluator, _ generator: Generator?, stops: Set<Int32>
  ) throws(DeviceError) -> [TaskAnswer] {
    guard generatedLength > 0 else { return choose(try evaluator.rowLosses(candidates)) }
    guard let generator else { preconditionFailure("a task that writes has a generator") }
    return try generate(generator, stops: stops)
  }

  /// Writes every answer greedily, up to one of `stops` or to `maxTokens` tokens.
  ///
  /// - Parameter goesOn: asked before each forward pass; false ends all answers where they are.
  package func generate(
    _ generator: Generator, stops: Set<Int32>, goesOn: () -> Bool = { true }
  ) throws(DeviceError) -> [TaskAnswer] {
    let written = try generator.generate(
      prompts: questions.map(\.prompt), maxTokens: maxTokens, stops: stops, sampling: .init(), goesOn: goesOn)
    return zip(questions, written).map { answer($0, Self.text($1, tokenizer)) }
  }

  /// Chooses for each row the label of the greatest probability, all its tokens together; the first by text of equal
  /// ones.
  ///
  /// - Parameter losses: `rowLosses` of the `candidates`.
  package func choose(_ losses: [[Float]]) -> [TaskAnswer] {
    questions.enumerated().map { row, question in
      let sums = labels.indices.map { label in
        losses[row * labels.count + label].reduce(0) { $0 + Double($1) }
      }
      let best = sums.indices.min { sums[$0] < sums[$1] } ?? 0
      return answer(question, labels[best].text)
    }
  }

  /// Scores of the answers by each of the family's metrics.
  package func scores(_ answers: [TaskAnswer]) -> [MetricScore] {
    let pairs = answers.map(\.pair)
    func score(_ metric: some TextMetric) -> MetricScore { MetricScore(metric, over: pairs) }
    return family.metrics(labels: labels.map(\.text)).map { score($0) }
  }

  private func answer(_ question: Question, _ completion: String) -> TaskAnswer {
    TaskAnswer(
      prompt: tokenizer.decode(question.prompt, skipSpecial: false),
      pair: TextPair(completion: completion, reference: Self.text(question.answer, tokenizer)))
  }

  private static func text(_ ids: [Int32], _ tokenizer: any Tokenizer) -> String {
    tokenizer.decode(ids, skipSpecial: true).trimmingWhitespace()
  }
}

extension String {
  fileprivate func trimmingWhitespace() -> String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}

/// A dataset whose rows cannot be asked.
package enum TaskError: Error, CustomStringConvertible, Equatable {
  case tooManyLabels(Int)
  case noRoom(answer: Int, context: Int)

  /// The fault, without the remedy.
  package var problem: String {
    switch self {
    case .tooManyLabels(let count):
      "\(count) different completions are no labels (at most \(TaskEvaluator.mostLabels))"
    case .noRoom(let answer, let context):
      "an answer of \(answer) tokens leaves no room for its prompt in \(context) positions"
    }
  }

  package var remedy: String {
    switch self {
    case .tooManyLabels: "score them as qa or writing"
    case .noRoom: "ask for fewer tokens"
    }
  }

  package var description: String { "\(problem); \(remedy)" }
}
