/// Names of tensors as wrappers of a model write them, with parts of their own before the model's.
enum WrappedNames {
  /// Of torch.compile, DataParallel and DistributedDataParallel, FSDP, and activation checkpointing.
  private static let wrappers: Set<Substring> = [
    "_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
  ]

  /// The name without the parts of wrappers.
  static func bare(_ name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.contains(where: wrappers.contains) else { return name }
    return parts.filter { !wrappers.contains($0) }.joined(separator: ".")
  }

  /// The model's keys of tensors by their names in the files: without wrappers, and with `model.` before the name where a
  /// save of the inner model left it out.
  ///
  /// - Returns: nil where the names are the model's own, or where they do not stand for all of its weights, each once.
  static func keys(_ names: some Collection<String>, of configuration: LlamaConfiguration) -> [String: String]? {
    let wanted = Set(configuration.parameters.map(\.name))
    guard !wanted.isSubset(of: names) else { return nil }
    var keys: [String: String] = [:]
    var found: Set<String> = []
    for name in names {
      let bare = bare(name)
      let key = wanted.contains(bare) || !wanted.contains("model." + bare) ? bare : "model." + bare
      guard found.insert(key).inserted else { return nil }
      keys[name] = key
    }
    return wanted.isSubset(of: found) ? keys : nil
  }
}
