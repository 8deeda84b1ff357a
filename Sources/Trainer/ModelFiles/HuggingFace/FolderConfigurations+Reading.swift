import Foundation

extension FolderConfigurations {
  /// Reads config.json and, where it is there, generation_config.json of a Hugging Face folder: once, for the model and for
  /// its tokenizer.
  package static func read(
    _ folder: URL
  ) throws(FileError) -> (configuration: LlamaConfiguration, files: FolderConfigurations) {
    let path = folder.appending(path: modelName).path
    var files = FolderConfigurations(model: try JSONParser.object(path: path))
    var configuration = try LlamaConfiguration(
      fields: ConfigurationFields(path: path, object: files.model ?? JSONObject()))
    let generationPath = folder.appending(path: generationName).path
    if FileManager.default.fileExists(atPath: generationPath) {
      let object = try JSONParser.object(path: generationPath)
      try configuration.addEndTokens(of: ConfigurationFields(path: generationPath, object: object))
      files.generation = object
    }
    return (configuration, files)
  }
}

extension LlamaConfiguration {
  /// Adds the end tokens of generation_config.json, where chat models list more than in config.json.
  fileprivate mutating func addEndTokens(of fields: ConfigurationFields) throws(FileError) {
    for id in try fields.tokenIDs("eos_token_id") where !eosTokenIDs.contains(id) { eosTokenIDs.append(id) }
  }
}
