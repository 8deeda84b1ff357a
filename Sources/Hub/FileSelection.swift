import Trainer

/// Choice of a repository's files: by patterns, or the files that a model is read from.
package struct FileSelection: Sendable {
  /// Patterns of the files to fetch; empty: all but those that nobody needs here.
  private let include: [String]
  /// Patterns of files that are left out in any case.
  private let exclude: [String]

  package init(include: [String] = [], exclude: [String] = []) {
    (self.include, self.exclude) = (include, exclude)
  }

  /// A class of files that are left out unless a pattern includes them, and why.
  private struct Omission {
    let words: String
    let patterns: [String]
  }

  /// Pickles run code when they are opened, so none comes unasked; the others hold the same weights once more.
  private static let pickles = Omission(
    words: "pickles, which can run code",
    patterns: ["*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt", "*.joblib"])
  private static let copies = [
    Omission(
      words: "files of other programs",
      patterns: [
        "*.onnx", "*.onnx_data", "onnx/*", "openvino/*", "*.h5", "*.msgpack", "*.ot", "*.tflite", "coreml/*",
        "*.mlmodel",
        "*.mlpackage/*",
      ]),
    Omission(words: "copies in their makers' own format", patterns: ["original/*", "consolidated*"]),
  ]
  private static let gguf = Omission(words: "GGUF files beside safetensors", patterns: ["*.gguf"])

  /// Divides a listing into the files to fetch, and remarks on those that are left out.
  ///
  /// - Throws: usage errors: a pattern that matches nothing, a repository of many GGUF models.
  package func choose(
    from files: [HubFile], of name: HubName
  ) throws(HubError) -> (files: [HubFile], remarks: [String]) {
    for pattern in include where !files.contains(where: { HubName.matches($0.path, pattern: pattern) }) {
      throw HubError(
        66, "no file of \(name.repository.name) matches --include '\(pattern)'", "it holds \(Self.sample(files))")
    }
    let wanted = files.filter { file in
      (include.isEmpty || Self.matches(file, include)) && !Self.matches(file, exclude)
    }
    guard include.isEmpty else { return (wanted, []) }
    var (chosen, remarks) = (wanted, [String]())
    for omission in Self.omissions(of: name.repository.kind, wanted) {
      let left = chosen.filter { Self.matches($0, omission.patterns) }
      guard !left.isEmpty else { continue }
      chosen.removeAll { Self.matches($0, omission.patterns) }
      let size = shownBytes(left.reduce(0) { $0 + $1.byteCount })
      remarks.append("left out: \(omission.words): \(Self.sample(left)) (\(size)); --include PATTERN fetches them")
    }
    try Self.checkSingle(chosen, of: name)
    return (chosen, remarks)
  }

  private static func omissions(of kind: HubRepository.Kind, _ files: [HubFile]) -> [Omission] {
    guard kind == .model else { return [pickles] }
    let hasSafetensors = files.contains {
      $0.path.hasSuffix(".safetensors") && !matches($0, copies.flatMap(\.patterns))
    }
    // Where a maker's own format is all that there is, it is no copy.
    return [pickles] + (hasSafetensors ? copies + [gguf] : Array(copies.prefix(1)))
  }

  /// Refuses a repository of many GGUF models, of which one is meant and all would be fetched.
  private static func checkSingle(_ files: [HubFile], of name: HubName) throws(HubError) {
    let models = files.filter { $0.path.hasSuffix(".gguf") }
    let names = Set(models.map { $0.path.replacing(/-\d{5}-of-\d{5}\.gguf$/, with: "") })
    guard names.count > 1 else { return }
    throw HubError(
      64, "\(name.repository.name) holds \(names.count) GGUF models: \(sample(models))",
      "choose one, as in --include '\(models[0].path)'")
  }

  private static func matches(_ file: HubFile, _ patterns: [String]) -> Bool {
    patterns.contains { HubName.matches(file.path, pattern: $0) }
  }

  /// The first files, for a message.
  private static func sample(_ files: [HubFile]) -> String {
    let shown = files.prefix(6).map(\.path).joined(separator: ", ")
    return files.isEmpty ? "no file" : files.count > 6 ? "\(shown) and \(files.count - 6) more" : shown
  }
}
