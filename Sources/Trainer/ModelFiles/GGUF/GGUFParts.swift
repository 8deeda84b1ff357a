import Foundation

/// A GGUF model in parts, as llama-gguf-split writes it: `NAME-00001-of-00003.gguf` has the metadata, each part some of
/// the tensors.
///
/// - Source: llama.cpp's tools/gguf-split.
enum GGUFParts {
  /// Opens the file at `url`, and the other parts where it is the first of several.
  static func open(_ url: URL) throws(FileError) -> GGUFFile {
    let first = try GGUFFile(url)
    guard let count = try first.metadata.integer("split.count"), count > 1 else { return first }
    let number = try first.metadata.integer("split.no") ?? 0
    let what = "the file is part \(number + 1) of a model in \(count) parts"
    guard let name = Name(url.lastPathComponent), name.count == count else {
      throw .unsupported(
        url.path, "\(what), whose names are NAME-00001-of-\(Name.digits(count)).gguf and so on",
        remedy:
          "give the parts these names, or join them by llama.cpp's llama-gguf-split --merge FIRST-PART OUTPUT.gguf")
    }
    guard number == 0 else {
      throw .unsupported(url.path, what, remedy: "give the first, \(name.of(1))")
    }
    var files = [first]
    for index in 1..<count {
      let part = url.deletingLastPathComponent().appending(path: name.of(index + 1))
      guard FileManager.default.fileExists(atPath: part.path) else {
        throw FileError(
          .notFound, path: part.path, "part \(index + 1) of the \(count) parts of \(url.lastPathComponent) is missing",
          remedy: "download it into the folder")
      }
      let file = try GGUFFile(part)
      guard try file.metadata.integer("split.no") == index, try file.metadata.integer("split.count") == count else {
        throw .invalid(
          part.path, "split.no and split.count do not make this part \(index + 1) of \(count)",
          remedy: "download the parts again, all of one model")
      }
      files.append(file)
    }
    let model = try GGUFFile(files)
    if let stated = try first.metadata.integer("split.tensors.count"), stated != model.tensors.count {
      throw .invalid(
        url.path, "split.tensors.count is \(stated), and the parts hold \(model.tensors.count) tensors",
        remedy: "download the parts again, all of one model")
    }
    return model
  }

  /// The one GGUF model in a folder without other weights; nil where it holds none.
  ///
  /// - Throws: `FileError` where it holds several.
  static func only(in folder: URL) throws(FileError) -> URL? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []
    guard !names.contains(where: { $0.hasSuffix(".safetensors") || $0.hasSuffix(".safetensors.index.json") }) else {
      return nil
    }
    // Parts but the first belong to it, be it there or not.
    var models: [String] = []
    for name in names where name.lowercased().hasSuffix(".gguf") {
      let model = Name(name)?.of(1) ?? name
      if !models.contains(model) { models.append(model) }
    }
    guard models.count > 1 else { return models.first.map { folder.appending(path: $0) } }
    throw .unsupported(
      folder.path, "the folder holds \(models.count) GGUF models: \(models.joined(separator: ", "))",
      remedy: "give one of them by its path")
  }

  /// A part's file name, taken apart.
  private struct Name {
    let prefix: Substring
    let count: Int

    /// nil: not a part's name.
    init?(_ file: String) {
      guard let match = file.wholeMatch(of: /(.+)-([0-9]{5})-of-([0-9]{5})\.gguf/), let count = Int(match.3) else {
        return nil
      }
      (prefix, self.count) = (match.1, count)
    }

    /// The name of part `number`, from 1.
    func of(_ number: Int) -> String { "\(prefix)-\(Self.digits(number))-of-\(Self.digits(count)).gguf" }

    /// Five digits.
    static func digits(_ number: Int) -> String {
      String(repeating: "0", count: max(5 - "\(number)".count, 0)) + "\(number)"
    }
  }
}
