import ArgumentParser
import Foundation
import Trainer

/// Prints what a model's files hold: configuration, tensors, tokenizer, chat template.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Print a model's configuration, tensors, tokenizer and chat template.")

  @Argument(
    help: "A Hugging Face folder, a .gguf, .bin or .safetensors file, a tokenizer's files, or ORG/NAME of the hub.")
  var model: String

  @Option(help: "Where the tokenizer is, if not with the model.")
  var tokenizer: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func run() throws {
    let cache = HubCache()
    let found = try ModelInspection(try cache.model(model), tokenizer: try tokenizer.map { try cache.model($0) })
    found.notes.forEach(Console.note)
    if json { return try Console.result(json: found) }
    try Console.result("\(found.path): \(found.format)")
    if let parameters = found.parameters {
      try Console.result(
        "\(parameters) parameters, \(found.bytes) bytes here, \(4 * parameters) bytes as fp32 on a device")
    }
    if let configuration = found.configuration { try section("configuration", Self.lines(configuration)) }
    let types = Dictionary(grouping: found.tensors, by: \.dtype).map { type, tensors in
      "\(type): \(tensors.count) tensors, \(tensors.reduce(0) { $0 + $1.bytes }) bytes"
    }
    try section("storage", types.sorted())
    try section("tensors", found.tensors.map { "\($0.name)  \($0.shape)  \($0.dtype)  \($0.bytes)" })
    try section("tokenizer", found.tokenizer.map(Self.lines) ?? [])
    if let template = found.chatTemplate { try Console.result(text: "\n# chat template\n" + template) }
  }

  private func section(_ title: String, _ lines: [String]) throws {
    guard !lines.isEmpty else { return }
    try Console.result(text: "\n# \(title)")
    try Console.result(lines: lines)
  }

  private static func lines(_ configuration: JSON) throws -> [String] {
    guard case .object(let object) = configuration.content else { return [] }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try object.members.map { "\($0.key): \(String(decoding: try encoder.encode($0.value), as: UTF8.self))" }
  }

  private static func lines(_ tokenizer: ModelInspection.TokenizerSummary) -> [String] {
    [
      "\(tokenizer.vocabSize) tokens",
      "begins a text: \(tokenizer.bosToken ?? "none")\(tokenizer.addsBos ? ", added to each" : "")",
      "ends a text: \(tokenizer.eosTokens.joined(separator: " "))\(tokenizer.addsEos ? ", added to each" : "")",
      "fills rows: \(tokenizer.padToken ?? "none")",
    ]
  }
}
