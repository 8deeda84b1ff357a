/// The keys of PEFT's adapter_config.json, and what becomes of each: one that changes what an adapter computes is
/// honoured or refused, none is passed over.
enum PEFTConfigurationKeys {
  /// Keys that are read and obeyed.
  static let honoured: Set<String> = [
    "alpha_pattern", "base_model_name_or_path", "bias", "init_lora_weights", "lora_alpha", "peft_type", "r",
    "rank_pattern", "trainable_token_indices",
    "use_dora", "use_rslora",
  ]

  /// Keys that change nothing which is computed from the adapter's tensors, each with the reason.
  static let harmless: [String: String] = [
    "auto_mapping": "names classes of Python",
    "corda_config": "how the first numbers were found, which init_lora_weights names",
    "ensure_weight_tying": "the tensors show what is tied",
    "eva_config": "how the first numbers were found, which init_lora_weights names",
    "exclude_modules": "the tensors show which modules are adapted",
    "inference_mode": "what is trained is the recipe's to say",
    "layers_pattern": "the tensors show which modules are adapted",
    "layers_to_transform": "the tensors show which modules are adapted",
    "loftq_config": "how the first numbers were found, which init_lora_weights names",
    "lora_dropout": "for training, where the recipe says it",
    "lora_ga_config": "how the first numbers were found, which init_lora_weights names",
    "megatron_config": "how Megatron divides layers among processes",
    "megatron_core": "a module of Python",
    "modules_to_save": "the tensors show which weights are saved",
    "peft_version": "who wrote it",
    "qalora_group_size": "without use_qalora it groups nothing",
    "revision": "which version of the base was meant, where base_model_name_or_path is a name",
    "runtime_config": "where PEFT keeps matrices while it makes them",
    "target_modules": "the tensors show which modules are adapted",
    "task_type": "names a class of Python; heads of other tasks would be tensors",
    "velora_config": "which activations training keeps",
  ]

  /// Keys that make another computation of the tensors unless they are off, each with the value that means off.
  static let refused: [String: JSON.Content] = [
    "alora_invocation_tokens": .null, "arrow_config": .null, "fan_in_fan_out": .bool(false),
    "kasa_config": .null, "layer_replication": .null, "lora_bias": .bool(false), "monteclora_config": .null,
    "target_parameters": .null, "use_bdlora": .null, "use_qalora": .bool(false),
  ]

  /// Ways to draw the first numbers that leave the base as it is. PEFT's others take a part out of its weights, and what
  /// was trained belongs to the rest alone.
  private static let initialsOnTheBase: Set<String> = ["gaussian", "eva", "orthogonal", "mica"]

  /// Refuses a configuration that asks for more than A and B added to the base.
  ///
  /// - Returns: the keys that are not known and say something, in the order of the file.
  static func check(_ fields: ConfigurationFields) throws(FileError) -> [String] {
    var strangers: [String] = []
    for member in fields.object.members {
      if let off = refused[member.key] {
        guard !isOff(member.value), member.value.content != off else { continue }
        throw fields.unsupported(
          member.key, "is \(member.value.kindName)",
          remedy: "give an adapter without it, or a model that PEFT's merge_and_unload wrote")
      }
      if honoured.contains(member.key) || harmless[member.key] != nil || isOff(member.value) { continue }
      strangers.append(member.key)
    }
    try checkInitialisation(fields)
    return strangers
  }

  private static func checkInitialisation(_ fields: ConfigurationFields) throws(FileError) {
    guard let value = fields.object["init_lora_weights"] else { return }
    switch value.content {
    case .null, .bool: return
    case .string(let name) where initialsOnTheBase.contains(name.lowercased()): return
    default:
      throw .unsupported(
        fields.path, at: value.byteOffset,
        "init_lora_weights is \(value.kindName): the adapter was trained beside what that leaves of the base, which is "
          + "not the base",
        remedy: "save it as a plain LoRA: in PEFT, model.save_pretrained(OUTPUT, "
          + "path_initial_model_for_weight_conversion=FOLDER), where FOLDER holds the adapter as it was before training"
      )
    }
  }

  /// True where a value stands for nothing: null, false, or an empty list, object or text.
  private static func isOff(_ value: JSON) -> Bool {
    switch value.content {
    case .null, .bool(false): true
    case .array(let elements): elements.isEmpty
    case .object(let object): object.members.isEmpty
    case .string(let text): text.isEmpty
    default: false
    }
  }
}
