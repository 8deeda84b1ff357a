import Crypto
import Foundation

/// Compiled programs on disk, for drivers that do not cache them: a second start compiles nothing.
///
/// A file's name is the SHA-256 of the source, options, device and driver. Its last 32 bytes are the SHA-256 of the
/// bytes before them, so that a torn or foreign file is never loaded. Files are written under a temporary name and
/// renamed. Every failure here means "compile again".
struct BinaryCache {
  private let folder: URL

  init?() {
    guard let base = UserFolder.cache else { return nil }
    folder = base.appending(path: "kernels")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      return nil
    }
  }

  static func key(source: String, options: String, device: Device) -> String {
    let parts = [source, options, device.name, device.platform, device.platformVersion, device.driverVersion]
    return SHA256.hash(data: Data(parts.joined(separator: "\u{0}").utf8)).hexadecimal
  }

  func load(_ key: String) -> [UInt8]? {
    guard let data = try? RegularFile.contents(of: folder.appending(path: key)), data.count > SHA256.byteCount else {
      return nil
    }
    let body = data.dropLast(SHA256.byteCount)
    return Array(SHA256.hash(data: body)) == Array(data.suffix(SHA256.byteCount)) ? Array(body) : nil
  }

  func store(_ binary: [UInt8], under key: String) {
    let data = Data(binary) + Data(SHA256.hash(data: Data(binary)))
    // A cache that cannot be written costs one compilation at the next start, nothing else.
    try? data.write(to: folder.appending(path: key), options: .atomic)
  }
}
