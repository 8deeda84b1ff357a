import Foundation

/// Tests/Goldens/llama/NAME/expected.json, written in float64 by generate_llama.py.
package struct LlamaGolden: Decodable {
  package struct Sequence: Decodable {
    package let ids: [Int32]
    /// ln p of each token after the first: one entry fewer than `ids`.
    package let tokenLogprobs: [Double]
  }

  package struct Greedy: Decodable {
    package let prompt: [Int32]
    package let ids: [Int32]
  }

  package let sequences: [Sequence]
  package let greedy: Greedy

  package static let names = [
    "grouped-query-tied", "head-size-apart", "biases", "sharded-bf16", "rope-llama3", "rope-linear", "rope-yarn",
    "rope-dynamic",
  ]

  package static func folder(_ name: String) -> URL { TestData.golden("llama/" + name) }

  package static func load(_ name: String) throws -> LlamaGolden {
    try decode(LlamaGolden.self, from: folder(name).appending(path: "expected.json"))
  }

  /// Reads a golden's JSON, with keys in snake case.
  package static func decode<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: file))
  }
}
