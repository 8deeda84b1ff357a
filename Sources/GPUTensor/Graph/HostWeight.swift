import Foundation

/// A frozen weight that stays in host memory, as its dtype stores it, and is sent to a device each time it is used.
///
/// Safe to share: it is written once, before the first plan that reads it runs.
package final class HostWeight: @unchecked Sendable {
  package let name: String
  package let shape: Shape
  package let dtype: DType
  private var memory: UnsafeMutableRawBufferPointer?

  package init(name: String, shape: Shape, dtype: DType) {
    self.name = name
    self.shape = shape
    self.dtype = dtype
  }

  deinit { memory?.deallocate() }

  /// As they go to a device.
  var bytes: UnsafeRawBufferPointer {
    guard let memory else { preconditionFailure("\(name) was not loaded") }
    return UnsafeRawBufferPointer(memory)
  }

  /// Takes bytes as they are stored.
  package func load(stored bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == dtype.byteCount(shape.count), "\(bytes.count) bytes of \(name)")
    let memory = self.memory ?? .allocate(byteCount: bytes.count, alignment: Self.alignment)
    memory.copyMemory(from: bytes)
    self.memory = memory
  }

  /// Takes numbers, and stores them as its dtype does.
  package func load(_ values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) numbers of \(name)")
    values.withUnsafeBufferPointer { dtype.encode($0).withUnsafeBytes(load(stored:)) }
  }

  /// A page's: drivers send whole pages without a copy of their own.
  private static let alignment = 4096
}
