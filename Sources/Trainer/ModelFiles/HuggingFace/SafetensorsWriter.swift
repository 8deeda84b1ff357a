import Foundation

/// Writes safetensors files tensor by tensor, so that a model larger than the memory can be saved.
package enum SafetensorsWriter {
  /// Writes `tensors` to `url`; the file appears when it is whole.
  ///
  /// - Parameters:
  ///   - tensors: names and shapes, in the order of the file.
  ///   - storage: how the numbers are stored; narrowing rounds to nearest, ties to even.
  ///   - metadata: the header's `__metadata__`; transformers asks for `format`.
  ///   - supply: hands the numbers of a tensor, f32 in row-major order, to `emit`, in one piece or in several.
  package static func write(
    _ tensors: [ParameterDescription], as storage: FloatStorage = .float32,
    metadata: [String: String] = ["format": "pt"], to url: URL,
    supplying supply: (_ name: String, _ emit: (UnsafeBufferPointer<Float>) throws -> Void) throws -> Void
  ) throws {
    let header = try self.header(tensors, storage: storage, metadata: metadata, path: url.path)
    let file = try AtomicFile(url)
    try header.withUnsafeBytes { try file.write($0) }
    let output = NumberOutput(file, path: url.path)
    for tensor in tensors {
      var emitted = 0
      try supply(tensor.name) { floats in
        emitted += floats.count
        precondition(emitted <= tensor.elementCount, "\(tensor.name) was supplied with too many numbers")
        try output.write(floats, of: tensor.name, as: storage)
      }
      precondition(emitted == tensor.elementCount, "\(tensor.name) was supplied with too few numbers")
    }
    try file.commit()
  }

  /// Writes `tensors` to `url`, taking each as an array.
  package static func write(
    _ tensors: [ParameterDescription], as storage: FloatStorage = .float32,
    metadata: [String: String] = ["format": "pt"], to url: URL, data: (_ name: String) throws -> [Float]
  ) throws {
    try write(tensors, as: storage, metadata: metadata, to: url) { name, emit in
      try data(name).withUnsafeBufferPointer { try emit($0) }
    }
  }

  /// Length and header; spaces pad it so that the data start at a multiple of eight bytes.
  private static func header(
    _ tensors: [ParameterDescription], storage: FloatStorage, metadata: [String: String], path: String
  ) throws(FileError) -> Data {
    var members: [(String, JSON)] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }
      members.append(("__metadata__", .object(JSONObject(pairs))))
    }
    var offset = 0
    for tensor in tensors {
      guard let byteCount = CheckedSize.product(tensor.shape, times: storage.byteCount),
        let end = CheckedSize.sum(offset, byteCount)
      else {
        throw .invalid(
          path, "the shape \(tensor.shape) of tensor \"\(tensor.name)\" overflows", remedy: "check the configuration")
      }
      let entry: JSON = [
        "dtype": .string(storage.rawValue), "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      members.append((tensor.name, entry))
      offset = end
    }
    var text = JSONWriter.data(.object(JSONObject(members)), .compact)
    text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
    var header = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    header.append(text)
    return header
  }
}
