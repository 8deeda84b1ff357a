import Crypto
import Foundation
import Kernels

/// The file of a device's tuned products: `accrete tune` alone writes it, and every other command obeys it.
package struct TuningFile: Codable, Sendable {
  /// The best parameters found for a class of products.
  package struct Product: Codable, Sendable {
    package let parameters: MatmulParameters
    /// The product that was timed.
    package let shape: String
    package let milliseconds: Double
    /// The default's time divided by this one, both measured in turn.
    package let gain: Double

    package init(parameters: MatmulParameters, shape: String, milliseconds: Double, gain: Double) {
      self.parameters = parameters
      self.shape = shape
      self.milliseconds = milliseconds
      self.gain = gain
    }
  }

  /// Parameters that hung, crashed, did not compile or gave a wrong result; they are not tried again.
  package struct Failure: Codable, Sendable {
    package let precision: OperandType
    package let product: MatmulClass
    package let parameters: MatmulParameters
    package let reason: String

    package init(precision: OperandType, product: MatmulClass, parameters: MatmulParameters, reason: String) {
      self.precision = precision
      self.product = product
      self.parameters = parameters
      self.reason = reason
    }
  }

  package let device: String
  package let platform: String
  package let driver: String
  /// SHA-256 of the kernels that were timed.
  package let kernels: String
  package var date: String
  /// The products, by precision and class; a class without an entry has the defaults.
  package var products: [OperandType: [MatmulClass: Product]] = [:]
  package var failures: [Failure] = []

  /// An empty file; throws where the kernels cannot be read.
  package init(for device: Device, date: Date = .now) throws(DeviceError) {
    (self.device, platform, driver) = (device.name, device.platform, device.driverVersion)
    kernels = try Self.kernelHash()
    self.date = date.formatted(.iso8601)
  }

  /// The place of a device's file: in the folder `ACCRETE_TUNING`, else in the user's data folder; nil: neither is known.
  package static func url(for device: Device) -> URL? {
    let folder = UserFolder.url("ACCRETE_TUNING", xdg: "XDG_DATA_HOME", below: ".local/share")
    let digest = SHA256.hash(data: Data("\(device.name)\u{0}\(device.platform)".utf8))
    return folder?.appending(path: "tuning-" + digest.hexadecimal.prefix(16) + ".json")
  }

  /// Reads a device's file: nil where there is none, a failure where the file does not hold. In both cases products have
  /// the defaults.
  package static func load(for device: Device) -> Result<TuningFile?, Unusable> {
    url(for: device).map { load($0, for: device) } ?? .success(nil)
  }

  /// Reads a device's file from `url`, like `load(for:)`.
  package static func load(_ url: URL, for device: Device) -> Result<TuningFile?, Unusable> {
    func unusable(_ why: String) -> Result<TuningFile?, Unusable> { .failure(Unusable(path: url.path, why: why)) }
    let data: Data
    do throws(RegularFile.Unreadable) {
      data = try RegularFile.contents(of: url)
    } catch {
      guard case .refused(let reason) = error else { return .success(nil) }
      return unusable("it cannot be read (\(reason))")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let file = try? decoder.decode(TuningFile.self, from: data) else { return unusable("it cannot be read") }
    guard (file.device, file.platform) == (device.name, device.platform) else {
      return unusable("it is for \(file.device) (\(file.platform))")
    }
    guard file.driver == device.driverVersion else { return unusable("it is for driver \(file.driver)") }
    guard file.kernels == (try? kernelHash()) else { return unusable("it is for other kernels") }
    guard file.products.values.joined().allSatisfy({ $0.value.parameters.isValid(on: device) }) else {
      return unusable("it holds sizes that do not suit the device")
    }
    return .success(file)
  }

  /// Writes the file beside its place, and renames it.
  package func write(to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try encoder.encode(self).write(to: url, options: .atomic)
  }

  private static func kernelHash() throws(DeviceError) -> String {
    var hash = SHA256()
    for file in try KernelSource.files() where file.hasPrefix("matmul/") {
      hash.update(data: Data(try KernelSource.load(file).utf8))
    }
    return hash.finalize().hexadecimal
  }

  /// A file that exists and does not hold for the device, its driver or the kernels.
  package struct Unusable: Error, CustomStringConvertible {
    package let path: String
    package let why: String

    package var description: String {
      "tuning \(path) is not used: \(why); products have the defaults until accrete tune runs again"
    }
  }
}
