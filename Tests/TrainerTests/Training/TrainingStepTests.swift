import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

@Suite("A training step")
struct TrainingStepTests {
  private static let tolerance = 1e-3

  @Test(
    "gradients of a trained model's mean loss, each against float64",
    .enabled(if: TestData.isPresent, "\(TestData.absence)"), arguments: TrainerExecutors.all)
  func storiesGradients(_ choice: ExecutorChoice) throws {
    let golden = try StoriesGolden.load()
    let source = try openModel(at: TestData.url("models/stories260K-hf"))
    let sample = Sample(ids: golden.ids, labels: golden.ids)
    let measured = try StepMeasurement(source, samples: [sample], on: choice)
    #expect(abs(measured.statistics.loss - golden.meanNll) < 1e-5)
    #expect(golden.gradientsOfMeanNll.count == 17)
    for spot in golden.gradientsOfMeanNll {
      let (name, element) = Self.place(spot, source.configuration)
      let found = try measured.gradient(name)[element]
      #expect(abs(found - spot.grad) <= Self.tolerance * abs(spot.grad), "\(name)[\(element)]: \(found), \(spot.grad)")
    }
  }

  @Test("the norm of each parameter's gradient, and of all together", arguments: TrainerExecutors.all)
  func gradientNorms(_ choice: ExecutorChoice) throws {
    let golden = try TrainingGolden.load()
    let source = try openModel(at: TrainingGolden.model)
    let rows = try Dataset.load(
      name: "rows", files: RowFiles(TrainingGolden.rows), tokenizer: nil,
      vocabularySize: source.configuration.vocabSize,
      sequenceLength: golden.settings.sequenceLength)
    let batch = Array(rows.samples.prefix(golden.settings.perDeviceTrainBatchSize))
    let measured = try StepMeasurement(source, samples: batch, on: choice)
    let run = golden.runs[0]
    #expect(abs(measured.statistics.loss - run.losses[0]) < 1e-4)
    #expect(abs(measured.statistics.gradientNorm / run.gradNorms[0] - 1) < Self.tolerance)
    #expect(run.firstGradientNorms.count == source.configuration.parameters.count)
    for (name, norm) in run.firstGradientNorms {
      let found = try measured.gradient(name).reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(found / norm - 1) < Self.tolerance, "\(name): \(found), \(norm)")
    }
  }

  @Test(
    "another loss takes the place of cross-entropy: here the same one, of all rows", arguments: TrainerExecutors.all)
  func otherLoss(_ choice: ExecutorChoice) throws {
    let golden = try TrainingGolden.load()
    let source = try openModel(at: TrainingGolden.model)
    let rows = try Dataset.load(
      name: "rows", files: RowFiles(TrainingGolden.rows), tokenizer: nil,
      vocabularySize: source.configuration.vocabSize,
      sequenceLength: golden.settings.sequenceLength)
    let batch = Array(rows.samples.prefix(golden.settings.perDeviceTrainBatchSize))
    let loss = TrainingLoss { llama, batch in
      llama.hidden(batch.rows, rope: batch.rope)
        .linearCrossEntropy(weight: llama.outputWeight, targets: batch.rows.targets).sum
    }
    let measured = try StepMeasurement(source, samples: batch, on: choice, loss: loss)
    #expect(abs(measured.statistics.loss - golden.runs[0].losses[0]) < 1e-4)
    #expect(abs(measured.statistics.gradientNorm / golden.runs[0].gradNorms[0] - 1) < Self.tolerance)
  }

  /// The Hugging Face key and the element of a golden's place; query and key rows are interleaved there.
  private static func place(
    _ spot: StoriesGolden.Gradient, _ configuration: LlamaConfiguration
  ) -> (name: String, element: Int) {
    switch spot.tensor {
    case "emb": return ("model.embed_tokens.weight", spot.index[0] * configuration.hiddenSize + spot.index[1])
    case "on": return ("model.norm.weight", spot.index[0])
    case "an": return ("model.layers.\(spot.index[0]).input_layernorm.weight", spot.index[1])
    case "fn": return ("model.layers.\(spot.index[0]).post_attention_layernorm.weight", spot.index[1])
    default: break
    }
    let modules = [
      "wq": "self_attn.q_proj", "wk": "self_attn.k_proj", "wv": "self_attn.v_proj", "wo": "self_attn.o_proj",
      "w1": "mlp.gate_proj", "w2": "mlp.down_proj", "w3": "mlp.up_proj",
    ]
    var row = spot.index[1]
    if spot.tensor == "wq" || spot.tensor == "wk" {
      let (head, i) = row.quotientAndRemainder(dividingBy: configuration.headDim)
      row = head * configuration.headDim + (i.isMultiple(of: 2) ? i / 2 : configuration.headDim / 2 + i / 2)
    }
    let columns = spot.tensor == "w2" ? configuration.intermediateSize : configuration.hiddenSize
    return ("model.layers.\(spot.index[0]).\(modules[spot.tensor] ?? "?").weight", row * columns + spot.index[2])
  }
}
