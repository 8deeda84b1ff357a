import ArgumentParser
import Foundation
import Trainer

/// Writes a model as a Hugging Face folder or a GGUF file, in another dtype where asked.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a model as a Hugging Face folder or a GGUF file.")

  @OptionGroup var model: ModelOptions

  @Option(help: "The folder to write, or a file that ends in .gguf.")
  var output: String

  @Option(help: "f32, bf16, f16, or for GGUF q8_0.")
  var dtype = "f32"

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  private struct Result: Encodable {
    let output: String
  }

  private var target: URL { URL(fileURLWithPath: output) }
  private var isGGUF: Bool { target.pathExtension.lowercased() == "gguf" }

  func run() throws {
    let bar = ProgressBar()
    defer { bar.end() }
    let progress = { (written: Int, total: Int) in
      bar.draw(target.lastPathComponent, written, of: total, "\(written >> 20) of \(total >> 20) MiB")
    }
    if isGGUF {
      try writeGGUF(progress)
    } else {
      try writeFolder(progress)
    }
    if json { return try Console.result(json: Result(output: target.path)) }
    try Console.result("wrote \(target.path)")
  }

  private func writeFolder(_ progress: (Int, Int) -> Void) throws {
    guard let storage = FloatStorage(named: dtype) else {
      throw ValidationError("--dtype of a folder must be f32, bf16 or f16, not \(dtype)")
    }
    if FileManager.default.fileExists(atPath: target.appending(path: "config.json").path) {
      throw Failure.BadInput(description: "--output \(output) already holds a model; choose another folder")
    }
    let source = try model.open()
    let tokenizer = try loadTokenizer(of: source)
    try HuggingFaceWriter.write(source, as: storage, to: target, progress: progress)
    if let tokenizer { try writeTokenizer(tokenizer, to: target) }
  }

  private func writeGGUF(_ progress: (Int, Int) -> Void) throws {
    guard let type = GGUFTensorType(named: dtype) else {
      throw ValidationError("--dtype of a GGUF file must be f32, bf16, f16 or q8_0, not \(dtype)")
    }
    if FileManager.default.fileExists(atPath: target.path) {
      throw Failure.BadInput(description: "--output \(output) is there already; choose another file")
    }
    let source = try model.open()
    GGUFWriter.notes(source.configuration).forEach(Console.note)
    let vocabulary = try loadTokenizer(of: source).map { try vocabularyDescription(of: $0) }
    try GGUFWriter.write(source, as: type, vocabulary: vocabulary, to: target, progress: progress)
  }
}
