/// A byte-level vocabulary's way to cut texts, by the name that GGUF gives to it in `tokenizer.ggml.pre`.
struct WordSplitting {
  /// The pre-tokenizers that cut so.
  let steps: [PreTokenizer]
  /// True where a word that is a token is taken whole.
  let ignoresMerges: Bool
  /// True where a text gets BOS if the file is silent.
  let addsBOS: Bool

  private static let bytesAlone = PreTokenizer.byteLevel(addsPrefixSpace: false, splitsWords: false)
  private static let gpt2Words = PreTokenizer.byteLevel(addsPrefixSpace: false, splitsWords: true)

  /// The way that a missing name stands for.
  static let defaultName = "default"

  /// - Parameter pre: the name; nil stands for "default". The result is nil where no way has the name.
  init?(pre: String?) {
    guard let entry = Self.table.first(where: { $0.names.contains(pre ?? Self.defaultName) }) else { return nil }
    self.init(entry)
  }

  private init(_ entry: Entry) {
    steps = entry.steps ?? Self.steps(of: entry.patterns)
    ignoresMerges = entry.ignoresMerges
    addsBOS = entry.addsBOS
  }

  /// Every name, in order.
  static var names: [String] { table.flatMap(\.names).sorted() }

  /// The steps that cut at the matches of some patterns, one after the other.
  static func steps(of patterns: [String]) -> [PreTokenizer] {
    let cuts = patterns.map { pattern in
      do throws(PatternProblem) {
        return try SplitPattern.step(of: pattern)
      } catch {
        preconditionFailure("the pattern \(pattern): \(error.text)")
      }
    }
    return joined(cuts + [bytesAlone])
  }

  /// GPT-2's cut and a `ByteLevel` that does not cut are one `ByteLevel` that does.
  private static func joined(_ steps: [PreTokenizer]) -> [PreTokenizer] {
    steps.suffix(2) == [.gpt2Words, bytesAlone] ? steps.dropLast(2) + [gpt2Words] : steps
  }

  /// GGUF's name for some steps, or nil where it has none.
  ///
  /// Of several names for the same cuts that one is taken whose way with whole words is the model's, and of these the
  /// first.
  static func name(of steps: [PreTokenizer], ignoresMerges: Bool) -> String? {
    let wanted = joined(steps)
    let fitting = table.filter { entry in
      entry.isWritten && ((entry.steps ?? Self.steps(of: entry.patterns)) == wanted || entry.published == wanted)
    }
    return (fitting.first { $0.ignoresMerges == ignoresMerges } ?? fitting.first)?.names.first
  }

  /// A line of the table.
  struct Entry {
    /// The name that is written, then its synonyms.
    var names: [String]
    /// The patterns whose matches are cut out, in their order.
    var patterns: [String]
    var ignoresMerges = false
    var addsBOS = false
    /// True where a model may be given the name.
    var isWritten = true
    /// The steps of the model's own `tokenizer.json`, which are read in place of the patterns where those cut bytes
    /// that belong to one character otherwise.
    var steps: [PreTokenizer]?
    /// Steps of a `tokenizer.json` that give its vocabulary the same ids as the patterns.
    var published: [PreTokenizer]?
  }
}
