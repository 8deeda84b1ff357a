import Foundation
import Glibc

/// Writes a model as a folder that transformers loads as it stands.
package enum HuggingFaceWriter {
  /// Writes model.safetensors, generation_config.json and config.json into `folder`, which is made where it is absent.
  ///
  /// Each file appears whole. config.json comes last: a folder without it is the rest of a write that was interrupted.
  ///
  /// - Parameters:
  ///   - storage: how the weights are stored.
  ///   - supply: hands the numbers of a weight of `configuration.parameters`, f32, to `emit`, in one piece or several.
  package static func write(
    _ configuration: LlamaConfiguration, as storage: FloatStorage = .float32, to folder: URL,
    supplying supply: (_ name: String, _ emit: (UnsafeBufferPointer<Float>) throws -> Void) throws -> Void
  ) throws {
    let isNew = !FileManager.default.fileExists(atPath: folder.path)
    try FileManager.default.makeFolder(at: folder)
    do {
      try SafetensorsWriter.write(
        configuration.parameters, as: storage, to: folder.appending(path: "model.safetensors"), supplying: supply)
    } catch {
      // Weights that cannot be written leave nothing; the folder is not removed where anything stands in it.
      if isNew { rmdir(folder.path) }
      throw error
    }
    try AtomicFile.write(
      JSONWriter.data(configuration.huggingFaceGenerationConfig(), .members),
      to: folder.appending(path: FolderConfigurations.generationName))
    try AtomicFile.write(
      JSONWriter.data(configuration.huggingFaceConfig(storage: storage), .members),
      to: folder.appending(path: FolderConfigurations.modelName))
  }

  /// Writes the folder, taking each weight as an array.
  package static func write(
    _ configuration: LlamaConfiguration, as storage: FloatStorage = .float32, to folder: URL,
    data: (_ name: String) throws -> [Float]
  ) throws {
    try write(configuration, as: storage, to: folder) { name, emit in
      try data(name).withUnsafeBufferPointer { try emit($0) }
    }
  }

  /// Writes the folder with the weights of `source`, one at a time.
  ///
  /// - Parameter progress: called after each weight with the bytes written and those of all weights.
  package static func write(
    _ source: any ModelSource, as storage: FloatStorage = .float32, to folder: URL,
    progress: (_ written: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let total = source.configuration.parameterCount * storage.byteCount
    let parameters = Dictionary(uniqueKeysWithValues: source.configuration.parameters.map { ($0.name, $0) })
    var written = 0
    try write(source.configuration, as: storage, to: folder) { name, emit in
      guard let parameter = parameters[name] else { preconditionFailure("\(name) is no weight of the model") }
      try source.forEachPiece(of: parameter) { floats, _ in try emit(floats) }
      written += parameter.elementCount * storage.byteCount
      progress(written, total)
    }
  }
}
