/// The tensors of an adapter's file by the keys that PEFT's save_pretrained gives them, also where a state dict was saved
/// as it is: there an adapter's name stands in the keys, and the base's weights stand beside it.
struct AdapterTensors {
  /// The name in the file of each key. A copy of a base's weight is `….base_layer.weight`.
  private let names: [String: String]
  let file: SafetensorsFile
  /// A remark on the names; nil where they are PEFT's own.
  let note: String?

  /// The keys of all tensors.
  var keys: Dictionary<String, String>.Keys { names.keys }

  /// - Throws: `FileError` where the file holds several adapters, or two tensors of one key.
  init(_ file: SafetensorsFile) throws(FileError) {
    self.file = file
    let read = file.entries.map { (name: $0.name, spelling: Spelling($0.name)) }
    let adapters = Set(read.compactMap(\.spelling.adapter)).sorted()
    guard adapters.count < 2 else {
      throw .unsupported(
        file.path, "the tensors belong to \(adapters.count) adapters, \(listed(adapters))",
        remedy: "save one of them: PEFT's save_pretrained(OUTPUT, selected_adapters=[NAME])")
    }
    var names: [String: String] = [:]
    for (name, spelling) in read {
      let key = adapters.isEmpty || spelling.isOfAdapter ? spelling.key : spelling.baseKey
      if let other = names.updateValue(name, forKey: key) {
        throw .invalid(file.path, "the tensors \"\(other)\" and \"\(name)\" are one", remedy: "save the adapter again")
      }
    }
    self.names = names
    note = adapters.first.map {
      "\(file.path): the tensors' names hold the adapter's, \"\($0)\", as in a state dict, and are read without it"
    }
  }

  /// The entry of a key; nil where the file has none.
  func entry(_ key: String) -> SafetensorsEntry? { names[key].flatMap(file.entry) }

  /// The name in the file of a key that is there.
  func name(_ key: String) -> String { names[key] ?? key }

  /// A tensor's name, taken apart.
  private struct Spelling {
    /// PEFT's key.
    let key: String
    /// The adapter's name in it; nil: none.
    let adapter: String?
    /// True for A, B, magnitudes and saved modules, and for what is marked as the base's.
    let isOfAdapter: Bool

    /// The key as that of a base's weight.
    var baseKey: String {
      guard let dot = key.lastIndex(of: ".") else { return key }
      return key[..<dot] + ".base_layer" + key[dot...]
    }

    init(_ name: String) {
      var parts = WrappedNames.bare(name).split(separator: ".").map(String.init)
      if !name.contains("base_model.model.") { parts = ["base_model", "model"] + parts }
      var adapter: String?
      let marks = [
        "lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector", "modules_to_save",
        "original_module", "base_layer", "trainable_tokens_delta",
      ]
      let place = parts.firstIndex(where: marks.contains)
      isOfAdapter = place != nil
      if let place {
        let mark = parts[place]
        let after = parts[(place + 1)...]
        switch mark {
        case "lora_A", "lora_B":
          if after.count > 1 { adapter = parts.remove(at: place + 1) }
        case "modules_to_save":
          if after.count > 1 {
            adapter = after.first
            parts.removeSubrange(place...place + 1)
          }
        case "original_module": parts[place] = "base_layer"
        case "base_layer": parts.removeAll { $0 == "token_adapter" }
        default:
          if let first = after.first, first != "weight" { adapter = first }
          parts.removeSubrange((place + 1)...)
        }
      }
      self.adapter = adapter
      key = parts.joined(separator: ".")
    }
  }
}
