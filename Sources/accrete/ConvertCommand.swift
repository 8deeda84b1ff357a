import ArgumentParser
import Foundation
import Trainer

/// A model as a Hugging Face folder, in another dtype where asked.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a model as a Hugging Face folder.")

  @OptionGroup var model: ModelOptions

  @Option(help: "The folder to write.")
  var output: String

  @Option(help: "f32, bf16 or f16.")
  var dtype = "f32"

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  private struct Result: Encodable {
    let output: String
  }

  func run() throws {
    guard let storage = FloatStorage(named: dtype) else {
      throw ValidationError("--dtype must be f32, bf16 or f16, not \(dtype)")
    }
    let target = URL(fileURLWithPath: output)
    guard target.pathExtension.lowercased() != "gguf" else {
      throw Failure.BadInput(description: "--output \(output): GGUF is read, not written; give a folder")
    }
    if FileManager.default.fileExists(atPath: target.appending(path: "config.json").path) {
      throw Failure.BadInput(description: "--output \(output) already holds a model; choose another folder")
    }
    let source = try model.open()
    let tokenizer = try loadTokenizer(of: source)
    try HuggingFaceWriter.write(source, as: storage, to: target)
    if let tokenizer { try writeTokenizer(tokenizer, to: target) }
    if json { return try Console.result(json: Result(output: target.path)) }
    Console.result("wrote \(target.path)")
  }
}
