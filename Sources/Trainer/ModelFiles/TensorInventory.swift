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
  ) throws(FileError) {
    var rest = found
    for parameter in configuration.parameters {
      guard let shape = rest.removeValue(forKey: parameter.name) else {
        if let found = relative(of: parameter.name, in: found.keys) {
          throw .unsupported(
            path,
            "tensor \"\(label(parameter.name))\" is missing, and \"\(found)\" is there: the names were written by a "
              + "wrapper of the model or by a part of it",
            remedy: "save the whole model itself by save_pretrained (of what torch.compile wraps: model._orig_mod; of "
              + "DataParallel: model.module), or rename the tensors")
        }
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

  /// A name that says more or less of where the tensor stands: `_orig_mod.model.norm.weight`, `norm.weight`.
  private static func relative(of name: String, in names: some Sequence<String>) -> String? {
    let part = name.hasPrefix("model.") ? String(name.dropFirst("model.".count)) : name
    return names.filter { $0.hasSuffix("." + name) || $0 == part || $0.hasSuffix("." + part) }.min()
  }

  /// Tensors that carry nothing: rotary tables that old exports kept, and the copy of a tied output projection.
  private static func isIgnorable(_ name: String, _ configuration: LlamaConfiguration) -> Bool {
    name.hasSuffix("rotary_emb.inv_freq") || (configuration.tieWordEmbeddings && name == LlamaParameterName.output)
  }
}
