import Crypto
import Foundation

/// Compiled programs on disk, for drivers that do not keep them: a second start need not compile.
///
/// A file's name is the SHA-256 of what determines it; its last 32 bytes are the SHA-256 of the rest, so that a torn or
/// foreign file is never loaded. Files are written beside and renamed. Every failure here means "compile again".
struct BinaryCache {
  private let folder: URL

  init?() {
    let base = UserFolder.url("ACCRETE_CACHE", xdg: "XDG_CACHE_HOME", below: ".cache")
    guard let base else { return nil }
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
    // A cache that cannot be written costs a compilation next time, nothing else.
    try? data.write(to: folder.appending(path: key), options: .atomic)
  }
}
