import Foundation
import TestSupport
import Testing

import Trainer

@Suite struct GGUFWriterTests {
  /// The small model, saved as a folder and from there as GGUF.
  private func convert(
    _ small: SmallLlama, as type: GGUFTensorType = .float32, vocabulary: VocabularyDescription? = nil,
    in scratch: CheckpointScratch
  ) throws -> URL {
    let folder = scratch.url.appending(path: "small")
    try small.writeHuggingFace(to: folder)
    let file = scratch.url.appending(path: "small.gguf")
    try GGUFWriter.write(openModel(at: folder), as: type, vocabulary: vocabulary, to: file)
    return file
  }

  private static let shapes: [LlamaConfiguration] = {
    let plain = SmallLlama().configuration
    var biases = plain
    biases.attentionBias = .all
    biases.mlpBias = true
    var ends = plain
    ends.tieWordEmbeddings = true
    ends.bosTokenID = 3
    ends.eosTokenIDs = [4, 6, 5]
    ends.padTokenID = 7
    let scalings: [RopeScaling] = [
      .linear(factor: 4),
      .yarn(YarnScaling(factor: 4, originalMaxPositionEmbeddings: 2, betaFast: 16, attentionFactor: 1.25)),
      .llama3(factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8192),
    ]
    return [plain, biases, ends]
      + scalings.map { scaling in
        var configuration = plain
        configuration.ropeScaling = scaling
        // So long a wave that Llama 3's rule stretches it, narrow as these heads are.
        configuration.ropeTheta = 1e9
        return configuration
      }
  }()

  @Test("F32 comes back bit for bit, with its configuration, fewer key heads than query heads", arguments: shapes)
  func returns(_ configuration: LlamaConfiguration) throws {
    let scratch = try CheckpointScratch()
    var small = SmallLlama()
    small.configuration = configuration
    let model = try openModel(at: convert(small, in: scratch))
    var found = model.configuration
    if case .yarn(let wanted) = configuration.ropeScaling, case .yarn(let yarn) = found.ropeScaling {
      // The file holds a single relative to the paper's factor.
      #expect(abs(yarn.attentionFactor - wanted.attentionFactor) < 1e-7)
      found.ropeScaling = configuration.ropeScaling
    }
    #expect(found == configuration)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name), "\(name)") }
  }

  @Test("query and key rows stand interleaved in the file, as llama.cpp turns them")
  func interleaved() throws {
    let scratch = try CheckpointScratch()
    let small = SmallLlama()
    let written = try GGUFFile(convert(small, in: scratch))
    let spelled = try GGUFFile(scratch.write(small.gguf().data(), "spelled.gguf"))
    #expect(Set(written.tensors.map(\.name)) == Set(spelled.tensors.map(\.name)))
    for tensor in written.tensors {
      let twin = try #require(spelled.tensors.first { $0.name == tensor.name })
      #expect(tensor.shape == twin.shape && tensor.type == twin.type)
      #expect(written.file.bytes[tensor.byteRange].elementsEqual(spelled.file.bytes[twin.byteRange]), "\(tensor.name)")
    }
  }

  @Test("Q8_0 blocks are the reference's, to the bit")
  func quantised() throws {
    let numbers = try Data(contentsOf: TestData.golden("quants/Q8_0.source")).floats
    let expected = try Data(contentsOf: TestData.golden("quants/Q8_0.blocks")).prefix(numbers.count / 32 * 34)
    var found = Data(count: expected.count)
    let fault = found.withUnsafeMutableBytes { bytes in
      numbers.withUnsafeBufferPointer { GGUFTensorType.q8_0.narrow($0, into: bytes) }
    }
    #expect(fault == nil)
    #expect(found == expected)
  }

  @Test("vectors stay F32, and a matrix whose rows are no whole blocks becomes F16")
  func types() throws {
    let scratch = try CheckpointScratch()
    var small = SmallLlama()
    small.configuration.intermediateSize = 64
    let file = try GGUFFile(convert(small, as: .q8_0, in: scratch))
    for tensor in file.tensors {
      let expected: GGUFTensorType =
        tensor.shape.count == 1 ? .float32 : tensor.shape[1].isMultiple(of: 32) ? .q8_0 : .float16
      #expect(tensor.type == expected, "\(tensor.name)")
    }
    #expect(file.tensors.contains { $0.type == .q8_0 })
    #expect(try file.metadata.integer("general.file_type") == 7)
  }

  @Test("numbers that the type cannot hold are refused, and no file is left")
  func tooLarge() throws {
    let scratch = try CheckpointScratch()
    let small = SmallLlama()
    let folder = scratch.url.appending(path: "large")
    try HuggingFaceWriter.write(small.configuration, to: folder) { name in
      var weights = small.weights(name)
      if name.hasSuffix("up_proj.weight") { weights[3] = 1e6 }
      return weights
    }
    let file = scratch.url.appending(path: "large.gguf")
    let error = try #require(
      checkpointError { try GGUFWriter.write(openModel(at: folder), as: .float16, vocabulary: nil, to: file) })
    #expect(error.problem.contains("up_proj.weight\" holds 1000000.0, which F16 cannot hold"), "\(error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["large"])
  }

  @Test("Q8_0 refuses what is not finite, by its place", arguments: [Float.infinity, .nan, 1e38])
  func notFinite(_ number: Float) {
    var numbers = [Float](repeating: 1, count: 64)
    numbers[40] = number
    var bytes = Data(count: 68)
    let fault = bytes.withUnsafeMutableBytes { bytes in
      numbers.withUnsafeBufferPointer { GGUFTensorType.q8_0.narrow($0, into: bytes) }
    }
    // Of a block whose scale is too large for a half, its first number is named.
    #expect(fault == (number.isFinite ? 32 : 40))
  }

  @Test("a tokenizer comes back with the same ids and template; one larger than the model is refused")
  func tokenizer() throws {
    let scratch = try CheckpointScratch()
    var small = SmallLlama()
    small.configuration.vocabSize = 270
    let bytes = try ByteTokenizer(vocabularySize: 259)
    var vocabulary = try vocabularyDescription(of: bytes)
    vocabulary.chatTemplate = "{{ messages }}"
    let model = try openModel(at: convert(small, vocabulary: vocabulary, in: scratch))
    let tokenizer = try #require(try loadTokenizer(of: model))
    #expect(tokenizer.vocabularySize == 270)
    #expect(tokenizer.encode("Hé! <|eos|>") == bytes.encode("Hé! <|eos|>"))
    #expect(tokenizer.chatTemplate == "{{ messages }}")
    small.configuration.vocabSize = 12
    let error = try #require(
      checkpointError { _ = try convert(small, vocabulary: vocabulary, in: CheckpointScratch()) })
    #expect(error.problem == "the tokenizer has 259 tokens, the model 12")
  }
}
