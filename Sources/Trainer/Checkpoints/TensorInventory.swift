/// The check of a file's tensors against what the configuration calls for.
enum TensorInventory {
  /// Refuses a tensor that is missing, of another shape, or unexpected; the first one is named.
  ///
  /// - Parameters:
  ///   - found: the shapes in the file, by Hugging Face's key.
  ///   - label: what the file calls the tensor of a key, for messages.
  static func check(
    _ found: [String: [Int]], against configuration: LlamaConfiguration, path: String,
    label: (String) -> String = { $0 }
  ) throws(CheckpointError) {
    var rest = found
    for parameter in configuration.parameters {
      guard let shape = rest.removeValue(forKey: parameter.name) else {
        let hint = parameter.name == LlamaParameterName.output ? ", or set tie_word_embeddings to true" : ""
        throw .invalid(
          path, "tensor \"\(label(parameter.name))\" of shape \(parameter.shape) is missing",
          remedy: "export the model again, whole, with the configuration that belongs to it" + hint)
      }
      guard shape == parameter.shape else {
        throw .invalid(
          path,
          "tensor \"\(label(parameter.name))\" has shape \(shape), but the configuration makes it "
            + "\(parameter.shape)",
          remedy: "check that configuration and weights belong together")
      }
    }
    guard let name = rest.keys.filter({ !isIgnorable($0, configuration) }).min() else { return }
    throw .unsupported(
      path, "tensor \"\(label(name))\" is no part of a LLaMA with this configuration",
      remedy: "check that configuration and weights belong together")
  }

  /// Tensors that carry nothing: rotary tables that old exports kept, and the copy of a tied output projection.
  private static func isIgnorable(_ name: String, _ configuration: LlamaConfiguration) -> Bool {
    name.hasSuffix("rotary_emb.inv_freq") || (configuration.tieWordEmbeddings && name == LlamaParameterName.output)
  }
}
