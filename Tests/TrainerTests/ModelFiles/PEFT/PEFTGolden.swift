import Foundation
import TestSupport
import Trainer

/// Tests/Goldens/peft/expected.json, which generate_peft.py writes in float64: adapters that PEFT saved, and what twenty
/// steps from them must give.
struct PEFTGolden: Decodable {
  struct Run: Decodable {
    let name: String
    /// The base's folder beside peft/, or in peft/; nil: training/model.
    let base: String?
    let rank: Int
    let alpha: Double
    let useRslora: Bool
    let useDora: Bool?
    let targetModules: [String]
    let rankPattern: [String: Int]
    let alphaPattern: [String: Double]
    let modulesToSave: [String]?
    let trainableTokenIndices: TokenIndices?
    let bias: String?
    let loraplusLrRatio: Double?
    let loraplusLrEmbedding: Double?
    /// nil: AdamW.
    let optimizer: String?
    /// nil: the settings'.
    let learningRate: Double?
    let weightDecay: Double?
    let logprobs: [Double]
    /// nil: the adapter is read alone.
    let losses: [Double]?
    let gradNorms: [Double]?

    var folder: URL { TestData.golden("peft/\(name)") }
    var model: URL { base.map { TestData.golden("peft/\($0)") } ?? TrainingGolden.model }

    /// The recipe's settings for this adapter.
    var settings: LoRASettings {
      var settings = LoRASettings()
      (settings.rank, settings.alpha, settings.usesRankStabilization) = (rank, alpha, useRslora)
      settings.usesMagnitudes = useDora ?? false
      settings.targets = .named(targetModules)
      settings.modulesToSave = modulesToSave ?? []
      let lists = (trainableTokenIndices?.lists ?? [:]).map { (Self.snake($0), $1) }
      settings.tokenIndices = Dictionary(uniqueKeysWithValues: lists)
      if let biases = bias.flatMap(LoRASettings.Biases.init) { settings.biases = biases }
      settings.learningRateRatio = loraplusLrRatio
      if let rate = loraplusLrEmbedding { settings.embeddingLearningRate = rate }
      // What is tied cannot be merged on a device; of one round the word means nothing else.
      if targetModules.contains("lm_head") { settings.betweenRounds = .continue }
      // JSON's keys are read as in Swift: down_proj came as downProj.
      settings.rankPattern = Dictionary(uniqueKeysWithValues: rankPattern.map { (Self.snake($0), $1) })
      settings.alphaPattern = Dictionary(uniqueKeysWithValues: alphaPattern.map { (Self.snake($0), $1) })
      return settings
    }

    private static func snake(_ key: String) -> String {
      key.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
  }

  /// A list of the embedding's ids, or lists by modules.
  struct TokenIndices: Decodable {
    let lists: [String: [Int]]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let own = try? container.decode([Int].self) {
        lists = ["embed_tokens": own]
      } else {
        lists = try container.decode([String: [Int]].self)
      }
    }
  }

  let settings: TrainingGolden.Settings
  let ids: [Int32]
  let runs: [Run]

  static func load() throws -> PEFTGolden {
    try LlamaGolden.decode(PEFTGolden.self, from: TestData.golden("peft/expected.json"))
  }

  /// Adapters on models whose files fuse matrices, from generate_peft_families.py.
  static func loadFamilies() throws -> PEFTGolden {
    try LlamaGolden.decode(PEFTGolden.self, from: TestData.golden("peft/families.json"))
  }
}
