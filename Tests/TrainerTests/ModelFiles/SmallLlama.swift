import Foundation
import TestSupport

import Trainer

/// A LLaMA of a few thousand numbers, spelled in every format, so that the readers can be held against one another
/// without any file from elsewhere.
struct SmallLlama {
  var configuration = LlamaConfiguration(
    vocabSize: 12, hiddenSize: 8, intermediateSize: 10, numHiddenLayers: 2, numAttentionHeads: 2, numKeyValueHeads: 1,
    maxPositionEmbeddings: 6, rmsNormEps: 1e-5, tieWordEmbeddings: false)

  /// The numbers of a weight: distinct, and exact in bf16 too.
  func weights(_ name: String) -> [Float] {
    let parameters = configuration.parameters
    guard let index = parameters.firstIndex(where: { $0.name == name }) else { return [] }
    var generator = SeededGenerator(seed: UInt64(index))
    return (0..<parameters[index].elementCount).map { _ in Float(Int.random(in: -127...127, using: &generator)) / 64 }
  }

  /// The numbers of a weight with query and key rows interleaved, as llama2.c and GGUF have them.
  func interleaved(_ name: String) -> [Float] {
    let numbers = weights(name)
    guard name.contains("q_proj") || name.contains("k_proj") else { return numbers }
    let columns = name.hasSuffix("bias") ? 1 : configuration.hiddenSize
    let half = configuration.headDim / 2
    var result: [Float] = []
    for head in 0..<(numbers.count / columns / configuration.headDim) {
      for pair in 0..<half {
        for part in 0..<2 {
          let row = head * configuration.headDim + part * half + pair
          result += numbers[(row * columns)..<((row + 1) * columns)]
        }
      }
    }
    return result
  }

  /// Writes a Hugging Face folder.
  func writeHuggingFace(to folder: URL, as storage: FloatStorage = .float32) throws {
    try HuggingFaceWriter.write(configuration, as: storage, to: folder) { weights($0) }
  }

  /// A llama2.c file: version 0 (legacy) or 1.
  func llama2c(version: Int) -> Data {
    let c = configuration
    let sizes = [
      c.hiddenSize, c.intermediateSize, c.numHiddenLayers, c.numAttentionHeads, c.numKeyValueHeads,
      version == 0 && !c.tieWordEmbeddings ? -c.vocabSize : c.vocabSize, c.maxPositionEmbeddings,
    ]
    let header = sizes.reduce(into: Data()) { $0 += Data.of(Int32($1)) }
    func blocks(_ stems: [String]) -> Data {
      var data = Data()
      for stem in stems {
        for layer in 0..<c.numHiddenLayers {
          data += Data.of(interleaved("model.layers.\(layer).\(stem).weight"))
        }
      }
      return data
    }
    let attention = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"]
    let mlp = ["mlp.gate_proj", "mlp.down_proj", "mlp.up_proj"]
    let embedding = Data.of(weights("model.embed_tokens.weight"))
    let norm = Data.of(weights("model.norm.weight"))
    let output = c.tieWordEmbeddings ? Data() : Data.of(weights("lm_head.weight"))
    if version == 0 {
      let tables = Data(count: 4 * c.maxPositionEmbeddings * c.headDim)
      return header + embedding + blocks(["input_layernorm"] + attention) + blocks(["post_attention_layernorm"] + mlp)
        + norm + tables + output
    }
    var start = Data("24ka".utf8) + Data.of(Int32(1)) + header + Data([c.tieWordEmbeddings ? 1 : 0])
    start += Data(count: 256 - start.count)
    return start + blocks(["input_layernorm", "post_attention_layernorm"]) + norm + embedding
      + blocks(attention) + blocks(mlp) + output
  }

  /// A GGUF file with all weights as f32.
  func gguf() -> GGUFBuilder {
    let c = configuration
    var builder = GGUFBuilder()
    builder.add("general.architecture", "llama")
    for (key, value) in [
      ("context_length", c.maxPositionEmbeddings), ("embedding_length", c.hiddenSize),
      ("block_count", c.numHiddenLayers), ("feed_forward_length", c.intermediateSize),
      ("attention.head_count", c.numAttentionHeads), ("attention.head_count_kv", c.numKeyValueHeads),
    ] { builder.add("llama." + key, UInt32(value)) }
    builder.add("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
    builder.add("tokenizer.ggml.model", "llama")
    builder.add("tokenizer.ggml.tokens", (0..<c.vocabSize).map { "token\($0)" })
    let names = Dictionary(uniqueKeysWithValues: GGUFTensorName.keys(c).map { ($1, $0) })
    for parameter in c.parameters {
      builder.add(names[parameter.name] ?? "?", parameter.shape, 0, Data.of(interleaved(parameter.name)))
    }
    return builder
  }
}
