import Foundation
import TestSupport
import Testing

import Trainer

/// One trained model in all its forms.
@Suite(.enabled(if: TestData.isPresent, "no test data: set ACCRETE_TEST_DATA to its folder"))
struct OpenModelTests {
  private func open(_ path: String) throws -> any ModelSource { try openModel(at: TestData.url("models/" + path)) }

  @Test(arguments: [
    "stories260K/stories260K.bin", "stories260K/stories260K_v1.bin", "stories260K-gguf/stories260K-F32.gguf",
  ])
  func storiesIsTheSameInEveryFormat(_ path: String) throws {
    let reference = try open("stories260K-hf")
    let model = try open(path)
    #expect(model.configuration == reference.configuration)
    #expect(model.configuration.parameterCount == 260_032)
    for name in reference.tensorNames {
      let (actual, expected) = (try model.tensor(name), try reference.tensor(name))
      #expect(actual.map(\.bitPattern) == expected.map(\.bitPattern), "\(name)")
    }
  }

  @Test func storiesAsHalvesIsWithinTheirPrecision() throws {
    let reference = try open("stories260K-hf")
    let model = try open("stories260K-gguf/stories260K-F16.gguf")
    var largest: Float = 0
    for name in reference.tensorNames {
      for (actual, expected) in zip(try model.tensor(name), try reference.tensor(name)) {
        // Eleven bits of mantissa: half a unit in the last place is 2^-11 of the number.
        largest = max(largest, abs(actual - expected) - abs(expected) * 0x1p-11)
      }
    }
    #expect(largest <= 0x1p-25)
    guard case .gguf(let vocabulary) = model.tokenizerFiles else {
      Issue.record("no vocabulary")
      return
    }
    #expect(vocabulary.tokens.count == 512)
    #expect(vocabulary.scores?.count == 512)
    #expect(vocabulary.unknownTokenID == 0)
  }

  @Test func aModelWithoutVocabSizeTakesItFromTheEmbedding() throws {
    let model = try open("llama-2-tiny-random/llama-2-tiny-random.gguf")
    #expect(model.configuration.vocabSize == 32000)
    #expect(!model.configuration.tieWordEmbeddings)
    #expect(try model.tensor("lm_head.weight").allSatisfy(\.isFinite))
  }
}
