import Foundation
import Trainer

/// A reader under test: valid files to start from, and a function that reads an input to its end.
struct FuzzTarget {
  let name: String
  /// The valid files; none is larger than an input may be.
  let seeds: [[UInt8]]
  /// Texts with a meaning in the format.
  let words: [String]
  /// Writes an input to the place where the reader expects it, and reads all of it.
  let read: (Data) throws -> Void

  static let names = [
    "huggingface", "gguf", "llama2c", "tokenizer.json", "tokenizer.model", "jsonl", "json", "csv", "gzip",
    "zstandard", "parquet", "arrow", "yaml", "jinja", "hub",
  ]

  /// The folder of this process's inputs; in memory where the system offers that.
  static let scratch: URL = {
    let memory = URL(fileURLWithPath: "/dev/shm")
    let isThere = FileManager.default.isWritableFile(atPath: memory.path)
    return (isThere ? memory : FileManager.default.temporaryDirectory).appending(path: "fuzz-\(getpid())")
  }()

  static func named(_ name: String) throws -> FuzzTarget {
    let folder = scratch.appending(path: name)
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let target =
      switch name {
      case "huggingface", "gguf", "llama2c": try model(name, in: folder)
      case "tokenizer.json", "tokenizer.model": try tokenizer(name, in: folder)
      case "parquet": try parquet(in: folder)
      case "arrow": try arrow(in: folder)
      case "yaml": try recipe(in: folder)
      case "jinja": try template()
      case "hub": hub()
      default: try dataset(name, in: folder)
      }
    for seed in target.seeds {
      precondition(seed.count <= Mutation.maximumByteCount, "a seed of \(name) has \(seed.count) bytes")
      do {
        try target.read(Data(seed))
      } catch {
        throw InvalidSeed(target: name, reason: "\(error)")
      }
    }
    return target
  }

  /// A seed that its reader refuses: nothing beyond the refusal would be tested.
  struct InvalidSeed: Error, CustomStringConvertible {
    let target: String
    let reason: String
    var description: String { "a seed of \(target) is refused: \(reason)" }
  }

  func input(seed: UInt64, index: Int) -> [UInt8] {
    var mutation = Mutation(seed: seed, index: index, seeds: seeds, words: words)
    return mutation.input()
  }

  /// True for the errors that users are meant to see.
  static func isOurs(_ error: any Error) -> Bool {
    error is FileError || error is TokenizerError || error is DatasetError || error is RecipeError
      || error is TemplateError
  }

  // MARK: - Models

  /// A LLaMA of one block, small enough for a seed.
  private static let configuration = LlamaConfiguration(
    vocabSize: 12, hiddenSize: 8, intermediateSize: 10, numHiddenLayers: 1, numAttentionHeads: 2, numKeyValueHeads: 1,
    maxPositionEmbeddings: 6, rmsNormEps: 1e-5)

  private static func model(_ name: String, in folder: URL) throws -> FuzzTarget {
    let source = folder.appending(path: "source")
    func write(as storage: FloatStorage) throws {
      try HuggingFaceWriter.write(configuration, as: storage, to: source) { name in
        let count = configuration.parameters.first { $0.name == name }?.elementCount ?? 0
        return (0..<count).map { Float($0 % 17) / 16 }
      }
    }
    func readModel(at url: URL) throws {
      let model = try openModel(at: url)
      for name in model.tensorNames { _ = try model.tensor(name) }
      guard let tokenizer = try loadTokenizer(of: model) else { return }
      _ = tokenizer.decode(tokenizer.encode(text), skipSpecial: true)
    }
    switch name {
    case "huggingface":
      let weights = source.appending(path: "model.safetensors")
      let config = source.appending(path: "config.json")
      var seeds = try [FloatStorage.float32, .bfloat16].map { storage in
        try write(as: storage)
        return try bytes(of: weights)
      }
      seeds.append(try bytes(of: config))
      let (wholeWeights, wholeConfig) = (try Data(contentsOf: weights), try Data(contentsOf: config))
      return FuzzTarget(
        name: name, seeds: seeds,
        words: [
          "F32", "BF16", "F8_E4M3", "data_offsets", "__metadata__", "rope_parameters", "\"yarn\"", "\"llama3\"",
          "factor", "num_hidden_layers", "rope_scaling", "head_dim",
        ]
      ) {
        // Each file is damaged beside the other's whole one: a configuration is text from its first byte on.
        let isConfig = $0.first == UInt8(ascii: "{")
        try (isConfig ? wholeWeights : $0).write(to: weights)
        try (isConfig ? $0 : wholeConfig).write(to: config)
        try readModel(at: source)
      }
    case "gguf":
      try write(as: .float32)
      let file = folder.appending(path: "model.gguf")
      let seeds = try vocabularies.flatMap { vocabulary in
        try [GGUFTensorType.float16, .bfloat16].map { type in
          try GGUFWriter.write(openModel(at: source), as: type, vocabulary: vocabulary, to: file)
          return try bytes(of: file)
        }
      }
      return FuzzTarget(name: name, seeds: seeds, words: ["llama.block_count", "rope_freqs.weight", "tokenizer.ggml."])
      {
        try $0.write(to: file)
        try readModel(at: file)
      }
    default:
      let file = folder.appending(path: "model.bin")
      var data = Data()
      // dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len, then every weight.
      for size in [8, 10, 1, 2, 1, 12, 6] as [Int32] { withUnsafeBytes(of: size) { data.append(contentsOf: $0) } }
      data.append(Data(count: 4 * (12 * 8 + 2 * 8 + 8 * 8 * 2 + 8 * 4 * 2 + 3 * 8 * 10 + 8 + 6 * 4)))
      return FuzzTarget(name: name, seeds: [Array(data)], words: ["24ka"]) {
        try $0.write(to: file)
        try readModel(at: file)
      }
    }
  }

  private static let vocabularies: [VocabularyDescription] = [
    VocabularyDescription(
      model: "llama", tokens: ["<unk>", "<s>", "</s>", "<0x0A>", "▁", "a", "b", "▁a", "ab", "c", "d", "é"],
      scores: (0..<12).map { -Float($0) }, types: [2, 3, 3, 6] + [Int](repeating: 1, count: 8), bosTokenID: 1,
      eosTokenID: 2, unknownTokenID: 0),
    VocabularyDescription(
      model: "gpt2", pre: "smollm", tokens: ["<|e|>", "a", "b", "c", "Ġ", "ab", "Ġa", "d", "e", "f", "g", "h"],
      types: [3] + [Int](repeating: 1, count: 11), merges: ["a b", "Ġ a"], eosTokenID: 0,
      chatTemplate: "{{ messages[0]['content'] }}"),
  ]

  // MARK: - Text

  /// The text that every tokenizer that was loaded must encode.
  private static let text =
    "ab ab  cab\n\téß 12,345 <s>[INST] 東京 🦙 e\u{301} 's'LL" + String(repeating: "ab", count: 200)

  private static func tokenizer(_ name: String, in folder: URL) throws -> FuzzTarget {
    let file = folder.appending(path: name)
    let suffix = name == "tokenizer.json" ? ".json" : ".model"
    return FuzzTarget(
      name: name, seeds: try files(in: "Tests/Fuzz/Seeds") { $0.hasPrefix("tokenizer") && $0.hasSuffix(suffix) },
      words: [
        "\"BPE\"", "\"Unigram\"", "ByteLevel", "Metaspace", "Sequence", "\"merges\"", "\"vocab\"", "\"id\":", "▁",
        "Replace", "byte_fallback", "added_tokens",
      ]
    ) {
      try $0.write(to: file)
      let tokenizer = try loadTokenizer(at: file)
      _ = tokenizer.decode(tokenizer.encode(text), skipSpecial: true)
      _ = tokenizer.encodeOrdinary(text)
      for id in [-1, 0, Int32(clamping: tokenizer.vocabularySize), .max] { _ = tokenizer.bytes(of: id) }
    }
  }

  private static func dataset(_ name: String, in folder: URL) throws -> FuzzTarget {
    let compressed = ["gzip": "gz", "zstandard": "zst"][name].map { "jsonl.\($0)" }
    let file = folder.appending(path: "rows.\(compressed ?? name)")
    let seeds = try files(in: compressed == nil ? "Tests/Fuzz/Seeds" : "Tests/Goldens/\(name)") {
      let isMeant = compressed == nil ? $0.hasPrefix("rows") : !$0.hasPrefix("bomb") && !$0.hasPrefix("window")
      return isMeant && $0.hasSuffix("." + (compressed ?? name))
    }
    let tokenizer = try ByteTokenizer(vocabularySize: 259)
    return FuzzTarget(
      name: name, seeds: seeds,
      words: ["\"messages\"", "\"input_ids\"", "\"labels\"", "\"prompt\"", "\"role\"", ",", "\t"]
    ) {
      try $0.write(to: file)
      _ = try Dataset.load(
        name: name, files: RowFiles(file), tokenizer: tokenizer, vocabularySize: 259, sequenceLength: 64)
    }
  }

  private static func parquet(in folder: URL) throws -> FuzzTarget {
    let file = folder.appending(path: "rows.parquet")
    let seeds = try files(in: "Tests/Goldens/parquet") {
      $0.hasSuffix(".parquet") && !$0.hasPrefix("refused") && !$0.hasPrefix("hostile")
    }
    return FuzzTarget(name: "parquet", seeds: seeds, words: ["PAR1", "PARE"]) {
      try $0.write(to: file)
      let parquet = try ParquetFile(file)
      // One golden has timestamps, which no row can hold.
      let rows = try parquet.rows(columns: Set(parquet.columnNames).subtracting(["created"]))
      while try rows.next() != nil {}
    }
  }

  private static func arrow(in folder: URL) throws -> FuzzTarget {
    let file = folder.appending(path: "rows.arrow")
    let seeds = try files(in: "Tests/Goldens/arrow") {
      ($0.hasSuffix(".arrow") || $0.hasSuffix(".feather")) && !$0.hasPrefix("refused") && !$0.hasPrefix("hostile")
    }
    return FuzzTarget(name: "arrow", seeds: seeds, words: ["ARROW1", "\u{FF}\u{FF}\u{FF}\u{FF}"]) {
      try $0.write(to: file)
      let arrow = try ArrowFile(file)
      // One golden has timestamps, which no row can hold.
      let rows = try arrow.rows(columns: Set(arrow.columnNames).subtracting(["created"]))
      while try rows.next() != nil {}
    }
  }

  /// A loop of ten billion iterations.
  private static let loops =
    String(repeating: "{% for i in range(99999) %}", count: 2) + "x" + String(repeating: "{% endfor %}", count: 2)

  /// A billion values from ten lines.
  private static let aliases = (0..<10).map { level in
    let name = Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(level)))
    let below = level == 0 ? "x" : "*" + String(UnicodeScalar(UInt8(ascii: "a") + UInt8(level - 1)))
    return "\(name): &\(name) [" + [String](repeating: below, count: 9).joined(separator: ", ") + "]\n"
  }.joined()

  private static func recipe(in folder: URL) throws -> FuzzTarget {
    let file = folder.appending(path: "recipe.yaml")
    return FuzzTarget(
      name: "yaml", seeds: try files(in: "recipes") { $0.hasSuffix(".yaml") },
      words: [
        "&a ", "*a", "<<: *a", "!!binary ", "- ", ": ", "|\n", "rounds:", "learning_rate: ", ".inf", "~", "? ", aliases,
      ]
    ) {
      try $0.write(to: file)
      _ = try Recipe.load(file)
    }
  }

  private static func template() throws -> FuzzTarget {
    let messages = [
      ChatMessage(role: "user", content: "<b> {{ a }} é"),
      ChatMessage(role: "assistant", content: " yes\n"), ChatMessage(role: "user", content: "and?"),
    ]
    return FuzzTarget(
      name: "jinja", seeds: try files(in: "Tests/Goldens/templates") { $0.hasSuffix(".jinja") },
      words: [
        "{% for i in range(99999) %}", "{% endfor %}", "{% if ", "{% endif %}", "{{ ", " }}", "{% set x = x + x %}",
        "loop.",
        "| trim", "| tojson", "* 1000000000", "~ x", "**", "namespace(", "not ", loops, "{%- macro f() %}",
        "messages[-1]",
        "'",
      ]
    ) { data in
      let template = try ChatTemplate(String(decoding: data, as: UTF8.self))
      _ = try template.render(messages: messages, addGenerationPrompt: true, bos: "<s>", eos: "</s>")
    }
  }

  /// A hub's listing; what is read of it may be joined to a folder.
  private static func hub() -> FuzzTarget {
    FuzzTarget(
      name: "hub",
      seeds: [
        #"{"sha": "\#(hash)", "siblings": [{"rfilename": "a/b.txt", "size": 12, "blobId": "\#(hash)"}, "#
          + #"{"rfilename": "c", "size": 7, "blobId": "\#(hash)", "lfs": {"sha256": "\#(hash + hash.prefix(24))"}}]}"#
      ].map { Array($0.utf8) },
      words: ["../", "\"/", "\\u0000", "\"lfs\": null", "\"size\": -1", hash]
    ) { data in
      for file in try HubListing(data, url: "fuzz").files {
        let path = URL(fileURLWithPath: "/folder").appending(path: file.path).standardizedFileURL.path
        precondition(path.hasPrefix("/folder/") && file.byteCount >= 0, "\(file) leads out of its folder")
      }
    }
  }

  private static let hash = String(repeating: "0123456789abcdef", count: 3).prefix(40).description

  // MARK: - Files

  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func bytes(of url: URL) throws -> [UInt8] { Array(try Data(contentsOf: url)) }

  /// The small files in a folder of this repository.
  private static func files(in folder: String, where belongs: (String) -> Bool) throws -> [[UInt8]] {
    let url = repository.appending(path: folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path).filter(belongs).sorted()
    let files = try names.map { try bytes(of: url.appending(path: $0)) }
    return files.filter { $0.count <= Mutation.maximumByteCount }
  }
}
