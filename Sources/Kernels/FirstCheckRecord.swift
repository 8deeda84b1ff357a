import Crypto
import Foundation

/// What came of the check before a device's first use, kept in the user's cache folder: one file for each device, driver,
/// set of kernels and program, and for each way to multiply.
package struct FirstCheckRecord: Codable, Sendable {
  /// What a result holds for; where any of it changes, the device is new again.
  package struct Subject: Codable, Sendable, Equatable {
    package let device: String
    package let vendor: String
    package let driver: String
    package let version: String
    package let platform: String
    package let platformVersion: String
    /// `KernelSource.hash()`.
    package let kernels: String
    /// The program's version.
    package let program: String
    /// What was checked, beyond the device.
    package let check: String

    package init(_ device: Device, program: String, check: String) throws(DeviceError) {
      (self.device, vendor, driver) = (device.name, device.vendor, device.driverVersion)
      (version, platform, platformVersion) = (device.openCLVersion, device.platform, device.platformVersion)
      kernels = try KernelSource.hash()
      (self.program, self.check) = (program, check)
    }

    /// Whether it is about a device with its driver of today.
    fileprivate func isAbout(_ device: Device) -> Bool {
      (self.device, driver, platform, platformVersion)
        == (device.name, device.driverVersion, device.platform, device.platformVersion)
    }
  }

  package let subject: Subject
  package let date: String
  /// How the device failed, in one line; nil: it passed.
  package let failure: String?

  package init(_ subject: Subject, failure: String?, date: Date = .now) {
    (self.subject, self.failure) = (subject, failure)
    self.date = date.formatted(.iso8601)
  }

  /// Where records lie: in `checks` in the folder `ACCRETE_CACHE`, else in the user's cache folder; nil: there is none.
  package static var folder: URL? {
    UserFolder.url("ACCRETE_CACHE", xdg: "XDG_CACHE_HOME", below: ".cache")?.appending(path: "checks")
  }

  /// The record of a subject; nil where there is none, or none that can be read.
  package static func load(_ subject: Subject) -> FirstCheckRecord? {
    guard let url = url(of: subject), let record = read(url), record.subject == subject else { return nil }
    return record
  }

  /// Writes the record beside its place, and renames it.
  ///
  /// - Returns: whether it is kept.
  package func store() -> Bool {
    guard let url = Self.url(of: subject), let data = Self.encoded(self) else { return false }
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url, options: .atomic)
      return true
    } catch {
      return false
    }
  }

  /// Removes a device's failures, so that it is checked again when it is used next.
  package static func forgetFailures(of device: Device) {
    guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else { return }
    for url in names.map({ folder.appending(path: $0) }) {
      guard let record = read(url), record.failure != nil, record.subject.isAbout(device) else { continue }
      try? FileManager.default.removeItem(at: url)
    }
  }

  private static func url(of subject: Subject) -> URL? {
    guard let folder, let bytes = encoded(subject) else { return nil }
    return folder.appending(path: SHA256.hash(data: bytes).hexadecimal.prefix(32) + ".json")
  }

  private static func read(_ url: URL) -> FirstCheckRecord? {
    guard let data = try? Data(contentsOf: url) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(FirstCheckRecord.self, from: data)
  }

  private static func encoded(_ value: some Encodable) -> Data? {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try? encoder.encode(value)
  }
}
