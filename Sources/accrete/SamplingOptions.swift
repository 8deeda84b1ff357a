import ArgumentParser
import Trainer

/// Options of sampling; shared by `generate` and `chat`.
struct SamplingOptions: ParsableArguments {
  @Option(help: "0 always takes the likeliest token.")
  var temperature = 0.0

  @Option(help: "Draw among the k likeliest tokens; 0: all.")
  var topK = 0

  @Option(help: "Draw among the likeliest tokens that together have this probability.")
  var topP = 1.0

  @Option(help: "The seed of the draws.")
  var seed: UInt64 = 0

  func validate() throws {
    guard temperature >= 0 else { throw ValidationError("--temperature must not be negative") }
    guard topK >= 0 else { throw ValidationError("--top-k must not be negative") }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be above 0 and at most 1") }
  }

  var sampling: Generator.Sampling { .init(temperature: temperature, topK: topK, topP: topP, seed: seed) }
}
