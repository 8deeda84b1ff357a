import Foundation

/// Tests/Goldens/families/NAME/golden.json, which generate_families.py writes by transformers in float64.
package struct FamilyGolden: Decodable {
  package struct Training: Decodable {
    /// Losses of the steps, each before its update.
    package let losses: [Double]
    package let finalWeightNorms: [String: Double]
  }

  package let sequences: [LlamaGolden.Sequence]
  package let greedy: LlamaGolden.Greedy
  package let training: Training
  /// Training in which every row has LongRoPE's long factors.
  package let trainingLong: Training?

  package static let names = [
    "mistral", "qwen2", "qwen2-sliding", "qwen3", "smollm3", "granite", "olmo2", "phi3", "phi4mini", "gemma3", "gemma2",
  ]

  package static func folder(_ name: String) -> URL { TestData.golden("families/" + name) }

  package static func load(_ name: String) throws -> FamilyGolden {
    try LlamaGolden.decode(FamilyGolden.self, from: folder(name).appending(path: "golden.json"))
  }
}
