import Foundation
import GPUTensor
import Kernels

/// The checkpoint folder: state, weights and the optimiser's states; hashed, and replaced as a whole.
package struct RunCheckpoint {
  /// A set of tensors, and the name of its file.
  package typealias Tensors = (name: String, set: ParameterSet)

  private static let stateName = "state.json"
  private static let remedy = "restore the file, or start the run anew in another output_dir"

  private let folder: URL
  private var previous: URL { folder.appendingPathExtension("old") }

  package init(_ folder: URL) {
    self.folder = folder
  }

  /// Saves a state between two rounds, whose weights the last round's folder has.
  package func saveBetweenRounds(_ state: RunState) throws { try save(state) { _ in [:] } }

  /// Saves a state within a round, with its tensors.
  package func save(_ state: RunState, tensors: [Tensors], from executor: any Executor) throws {
    try save(state) { new in
      var hashes: [String: String] = [:]
      for (name, set) in tensors {
        let file = new.appending(path: name + ".safetensors")
        try SafetensorsWriter.write(set.parameters, as: .float32, to: file) { parameter, emit in
          try set.read(parameter, from: executor, emit)
        }
        hashes[name] = try FileHash.sha256(of: file)
      }
      return hashes
    }
  }

  /// - Parameter writeTensors: writes files into the new folder, and returns the hash of each.
  private func save(_ state: RunState, writeTensors: (URL) throws -> [String: String]) throws {
    let files = FileManager.default
    let new = folder.appendingPathExtension("new")
    var state = state
    do {
      try? files.removeItem(at: new)
      try files.createDirectory(at: new, withIntermediateDirectories: true)
    } catch {
      throw failure("cannot be made", error)
    }
    do {
      state.files = try writeTensors(new)
      try AtomicFile.write(try JSONEncoder().encode(state), to: new.appending(path: Self.stateName))
    } catch {
      // Half a checkpoint is of no use, and the disk may be full.
      try? files.removeItem(at: new)
      throw error
    }
    do {
      // At every moment either `checkpoint` or `checkpoint.old` is whole.
      if files.fileExists(atPath: folder.path) {
        try? files.removeItem(at: previous)
        try files.moveItem(at: folder, to: previous)
      }
      try files.moveItem(at: new, to: folder)
      try? files.removeItem(at: previous)
    } catch {
      throw failure("cannot be replaced", error)
    }
  }

  /// Reads the saved state and compares the hash of each of its files.
  ///
  /// - Returns: nil only where no checkpoint stands: a run that took an unreadable one for none would start anew, and
  ///   write over trained rounds.
  package func load() throws(FileError) -> (state: RunState, folder: URL)? {
    guard let (state, saved) = try read() else { return nil }
    for (name, hash) in state.files {
      let tensors = saved.appending(path: name + ".safetensors")
      guard try FileHash.sha256(of: tensors) == hash else {
        throw FileError(
          .invalid, path: tensors.path, "the file is not the one that was saved (its SHA-256 differs)",
          remedy: Self.remedy)
      }
    }
    return (state, saved)
  }

  /// The tuning under which the saved state was computed; nil where there is no state, or none is recorded.
  package func recordedTuning() throws(FileError) -> RunState.Tuning? { try read()?.state.tuning }

  /// The state of `checkpoint/`, or of `checkpoint.old/` where a crash left no other.
  private func read() throws(FileError) -> (state: RunState, folder: URL)? {
    for candidate in [folder, previous] where try FileStatus(candidate) != nil {
      let file = candidate.appending(path: Self.stateName)
      let data = try InputFile.contents(file.path)
      do {
        return (try JSONDecoder().decode(RunState.self, from: data), candidate)
      } catch {
        throw FileError(.invalid, path: file.path, "the state cannot be read", remedy: Self.remedy)
      }
    }
    return nil
  }

  /// Sends the saved tensors of a state to the device.
  package static func restore(
    _ state: RunState, in folder: URL, tensors: [Tensors], to executor: any Executor
  ) throws {
    for (name, set) in tensors where state.files[name] != nil {
      let file = try SafetensorsFile(folder.appending(path: name + ".safetensors"))
      for parameter in set.parameters {
        try file.withFloats(parameter.name) { floats in
          try set.write(floats, to: parameter.name, on: executor)
        }
      }
    }
  }

  private func failure(_ what: String, _ error: any Error) -> FileError {
    FileError(
      .inputOutput, path: folder.path, "the checkpoint \(what) (\(error.systemReason))",
      remedy: "check the free space and the permissions")
  }
}
