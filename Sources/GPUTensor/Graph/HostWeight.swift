import Foundation

/// A frozen weight kept in host memory in its stored form, and sent to the device each time it is used.
///
/// Sendable, since it is written once, before the first replay of a plan that reads it.
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

  /// The stored bytes, as sent to a device.
  var bytes: UnsafeRawBufferPointer {
    guard let memory else { preconditionFailure("\(name) was not loaded") }
    return UnsafeRawBufferPointer(memory)
  }

  /// Copies bytes in the stored form of the dtype.
  package func load(stored bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == dtype.byteCount(shape.count), "\(bytes.count) bytes of \(name)")
    let memory = self.memory ?? .allocate(byteCount: bytes.count, alignment: Self.alignment)
    memory.copyMemory(from: bytes)
    self.memory = memory
  }

  /// Copies numbers, encoded in the dtype.
  package func load(_ values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) numbers of \(name)")
    values.withUnsafeBufferPointer { dtype.encode($0).withUnsafeBytes(load(stored:)) }
  }

  /// Bytes of a page: drivers transfer whole pages without a copy of their own.
  private static let alignment = 4096
}
