import Foundation
import GPUTensor

extension Recipe {
  /// Reads a recipe to plan for, or makes one of the defaults with this base; no row is read.
  ///
  /// - Parameter overrides: `key=value`, laid over it.
  package static func forPlanning(
    preset: String?, model: URL?, recipe: URL?, overrides: [String]
  ) throws(RecipeError) -> Recipe {
    if let recipe { return try load(recipe, overrides: overrides) }
    let base =
      model.map { "{model: \(SettingValue.text($0.standardizedFileURL.path).yaml)}" }
      ?? "{preset: \(SettingValue.text(preset ?? "").yaml)}"
    var tree = try RecipeParsing.tree(
      of: "output_dir: plan\nbase: \(base)\nrounds: [{name: plan, train: plan.jsonl}]\n"
    ) { _ in "the plan" }
    for argument in overrides { try RecipeOverride(argument).apply(to: &tree) }
    return try RecipeDecoding(folder: URL(fileURLWithPath: FileManager.default.currentDirectoryPath)).recipe(tree)
  }

  /// Reads the configuration of the base.
  package func baseConfiguration() throws -> LlamaConfiguration {
    switch base {
    case .model(let url):
      let source = try openModel(at: url, tokenizer: baseTokenizer)
      guard chatTemplate != nil else { return source.configuration }
      return try chosenTemplate(try loadTokenizer(of: source), source.configuration)?.configuration
        ?? source.configuration
    case .preset(let name, let tokenizer):
      var size: Int?
      switch tokenizer {
      case .bytes(let count): size = count
      case .file(let url): size = try loadTokenizer(at: url).vocabularySize
      case nil: break
      }
      guard let configuration = LlamaConfiguration.preset(name, vocabSize: size) else {
        throw RoundError.unknownPreset(name)
      }
      return configuration
    }
  }

  /// Dtypes of the base's weights that are not kept in float32, by name.
  package func baseTypes(of configuration: LlamaConfiguration) throws -> [String: DType] {
    guard case .model(let url) = base, baseStorage == .gguf else {
      return try baseTypes(of: configuration, source: nil)
    }
    return try baseTypes(of: configuration, source: try openModel(at: url))
  }

  /// - Throws: `RoundError.unsuitable` where `gguf` finds no blocks to keep.
  func baseTypes(
    of configuration: LlamaConfiguration, source: (any ModelSource)?
  ) throws(RoundError) -> [String: DType] {
    let types = baseStorage.types(of: configuration, source: source)
    if baseStorage == .gguf && types.isEmpty {
      throw .unsuitable(
        key: "base.dtype",
        problem: "gguf keeps the Q8_0, Q4_0, Q4_1 and BF16 weights of a GGUF file, and the base has none",
        remedy: "name a .gguf file that holds some, or take bf16, int8 or nf4")
    }
    return types
  }
}
