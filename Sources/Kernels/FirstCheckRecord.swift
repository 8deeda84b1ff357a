import Crypto
import Foundation

/// The kept result of the check before a device's first use, in the user's cache folder: one file for each device,
/// driver, set of kernels, program version and checked method of multiplying.
package struct FirstCheckRecord: Codable, Sendable {
  /// The conditions that a result holds for; where any differs, the device counts as new.
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
    /// The check itself (`FirstCheck`) as JSON: the methods of multiplying it covers.
    package let check: String

    package init(_ device: Device, program: String, check: String) throws(DeviceError) {
      (self.device, vendor, driver) = (device.name, device.vendor, device.driverVersion)
      (version, platform, platformVersion) = (device.openCLVersion, device.platform, device.platformVersion)
      kernels = try KernelSource.hash()
      (self.program, self.check) = (program, check)
    }

    /// True where the record is of this device and its present driver.
    fileprivate func isAbout(_ device: Device) -> Bool {
      (self.device, driver, platform, platformVersion)
        == (device.name, device.driverVersion, device.platform, device.platformVersion)
    }
  }

  package let subject: Subject
  package let date: String
  /// The device's failure in one line; nil where it passed.
  package let failure: String?

  package init(_ subject: Subject, failure: String?, date: Date = .now) {
    (self.subject, self.failure) = (subject, failure)
    self.date = date.formatted(.iso8601)
  }

  /// The folder of records: `checks` in `ACCRETE_CACHE`, else in the user's cache folder; nil where neither is set.
  package static var folder: URL? { UserFolder.cache?.appending(path: "checks") }

  /// The record of a subject; nil where there is none or it cannot be read.
  package static func load(_ subject: Subject) -> FirstCheckRecord? {
    guard let url = url(of: subject), let record = read(url), record.subject == subject else { return nil }
    return record
  }

  /// Writes the record under a temporary name and renames it.
  ///
  /// - Returns: true where the record is kept.
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

  /// Removes a device's failures, so that its next use checks it again.
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
