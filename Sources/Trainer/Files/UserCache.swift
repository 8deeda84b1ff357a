import Foundation
import Kernels

/// The user's folder of what can be worked out again. Every failure to read or to write there means "work it out".
package enum UserCache {
  /// The folder `name` in the program's cache folder; nil where there is none and none can be made.
  package static func folder(_ name: String) -> URL? {
    guard let base = UserFolder.cache else { return nil }
    let folder = base.appending(path: name)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      return nil
    }
    return folder
  }
}
