import Foundation
import Glibc

extension RunFolder {
  /// Removes files that a killed run left half written; the caller holds the folder's lock.
  ///
  /// They are the temporary files of `AtomicFile`, a checkpoint that was being written or has been replaced, and a link
  /// that was being set. Rounds that are links belong to the run that a branch continues, and are not entered.
  func clearLeftovers() throws(FileError) {
    var leftovers = [checkpoint.appendingPathExtension("new"), rounds.appending(path: "final.new")]
    // The older checkpoint is the run's own as long as there is no newer one.
    if try FileStatus(checkpoint)?.kind == .folder { leftovers.append(checkpoint.appendingPathExtension("old")) }
    var folders = [url, url.appending(path: "figures"), url.appending(path: "tensorboard")]
    for name in try FileManager.default.names(in: rounds) { folders.append(rounds.appending(path: name)) }
    for folder in folders where try FileStatus(folder)?.kind == .folder {
      for name in try FileManager.default.names(in: folder) where AtomicFile.isTemporary(name) {
        let file = folder.appending(path: name)
        if try FileStatus(file)?.kind == .file { leftovers.append(file) }
      }
    }
    // A leftover that cannot be removed takes room, and does no other harm.
    for leftover in leftovers { try? FileManager.default.removeItem(at: leftover) }
  }
}
