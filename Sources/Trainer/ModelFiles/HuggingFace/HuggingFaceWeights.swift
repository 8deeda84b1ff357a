import Foundation

/// The weight files of a Hugging Face folder.
enum HuggingFaceWeights {
  /// Opens model.safetensors, or all shards that model.safetensors.index.json names.
  ///
  /// If both stand there, the shards are taken where none is missing: whoever saves shards over a single file leaves it
  /// behind.
  ///
  /// - Returns: the files, and remarks on the choice among them.
  static func open(_ folder: URL) throws(FileError) -> (files: [SafetensorsFile], notes: [String]) {
    let single = folder.appending(path: "model.safetensors")
    let index = folder.appending(path: "model.safetensors.index.json")
    let hasSingle = FileManager.default.fileExists(atPath: single.path)
    guard FileManager.default.fileExists(atPath: index.path) else {
      guard hasSingle else { throw absence(folder) }
      return ([try SafetensorsFile(single)], [])
    }
    do throws(FileError) {
      let files = try openShards(folder, index: index)
      guard hasSingle, !files.contains(where: { $0.path == single.path }) else { return (files, []) }
      return (
        files,
        [
          "\(folder.path): the weights are those of the shards that \(index.lastPathComponent) names; "
            + "\(single.lastPathComponent), which stands beside them, is not read"
        ]
      )
    } catch {
      guard hasSingle, error.kind == .notFound else { throw error }
      return (
        [try SafetensorsFile(single)],
        [
          "\(folder.path): the weights are those of \(single.lastPathComponent); \(index.lastPathComponent) names "
            + "shards that are not there"
        ]
      )
    }
  }

  private static func openShards(_ folder: URL, index: URL) throws(FileError) -> [SafetensorsFile] {
    let object = try JSONParser.object(path: index.path)
    guard let map = object["weight_map"]?.object else {
      throw .invalid(index.path, "weight_map is missing or no object")
    }
    var files: [SafetensorsFile] = []
    var positions: [String: Int] = [:]
    for (name, value) in map.members {
      guard let shard = value.string else {
        throw .invalid(index.path, at: value.byteOffset, "weight_map \"\(name)\" is \(value.kindName), not a file")
      }
      if positions[shard] == nil {
        positions[shard] = files.count
        files.append(try openShard(shard, of: folder, index: index, byteOffset: value.byteOffset))
      }
      guard let position = positions[shard], files[position].entry(name) != nil else {
        throw .invalid(
          index.path, at: value.byteOffset, "weight_map places tensor \"\(name)\" in \(shard), which does not have it")
      }
    }
    return files
  }

  private static func openShard(
    _ shard: String, of folder: URL, index: URL, byteOffset: Int
  ) throws(FileError) -> SafetensorsFile {
    // An index is data from somewhere: it must not make us read files outside of its folder.
    let parts = shard.split(separator: "/", omittingEmptySubsequences: false)
    guard !shard.utf8.contains(0), parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
      throw .invalid(
        index.path, at: byteOffset, "the shard \"\(shard)\" leaves the folder", remedy: "name files of the folder")
    }
    let url = folder.appending(path: shard)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw FileError(
        .notFound, path: url.path, "this shard, named in \(index.lastPathComponent), is missing",
        remedy: "download it into the folder")
    }
    return try SafetensorsFile(url)
  }

  /// The error of a folder that has no weights which can be read.
  private static func absence(_ folder: URL) -> FileError {
    if let pickled = pickled(folder) { return pickled }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let shards = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    if let shard = shards.first {
      return FileError(
        .notFound, path: folder.path,
        "the folder has \(shards.count == 1 ? shard : "\(shards.count) files such as \(shard)"), but neither "
          + "model.safetensors nor model.safetensors.index.json, which names the shards",
        remedy: "download the index too, or rename a single file to model.safetensors")
    }
    return FileError(
      .notFound, path: folder.path, "the folder has no model.safetensors",
      remedy: "download the weights into it, or give another folder")
  }

  /// The refusal of a folder whose weights are Python pickles, Hugging Face's or Meta's own; nil where it has none.
  static func pickled(_ folder: URL) -> FileError? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let pickle = names.sorted().first { name in
      name.hasSuffix(".pth") || name.hasSuffix(".pt") || name.hasSuffix(".bin") && name.hasPrefix("pytorch_model")
        || name == "pytorch_model.bin.index.json"
    }
    return pickle.map { refusal(of: $0, path: folder.path) }
  }

  /// The refusal of a pickle, with the command that makes safetensors of it.
  static func refusal(of pickle: String, path: String) -> FileError {
    let isMeta = pickle.hasPrefix("consolidated.")
    return .unsupported(
      path, "the weights are in \(pickle), a Python pickle, which can run code when it is read",
      remedy: isMeta
        ? "convert Meta's files: python -m transformers.models.llama.convert_llama_weights_to_hf --input_dir FOLDER "
          + "--output_dir OUTPUT, with --model_size and --llama_version as they are"
        : "convert it: in Python, AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(OUTPUT) writes "
          + "model.safetensors")
  }
}
