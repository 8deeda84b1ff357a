import Foundation

/// Spells GGUF files byte by byte, also wrong ones.
struct GGUFBuilder {
  var version: UInt32 = 3
  var alignment = 32
  private var pairs: [(key: String, typeAndValue: Data)] = []
  private(set) var tensors: [(name: String, shape: [Int], type: UInt32, data: Data)] = []

  /// A value with its type before it.
  mutating func add(_ key: String, type: UInt32, _ value: Data) { pairs.append((key, Data.of(type) + value)) }

  mutating func add(_ key: String, _ value: UInt32) { add(key, type: 4, Data.of(value)) }

  mutating func add(_ key: String, _ value: Float) { add(key, type: 6, Data.of(value)) }

  mutating func add(_ key: String, _ value: Bool) { add(key, type: 7, Data([value ? 1 : 0])) }

  mutating func add(_ key: String, _ value: String) { add(key, type: 8, Self.string(value)) }

  mutating func add(_ key: String, _ values: [String]) {
    add(key, type: 9, Data.of(UInt32(8)) + Data.of(UInt64(values.count)) + values.map(Self.string).reduce(Data(), +))
  }

  /// A tensor; `shape` has rows first.
  mutating func add(_ name: String, _ shape: [Int], _ type: UInt32, _ data: Data) {
    tensors.append((name, shape, type, data))
  }

  /// Replaces a tensor.
  mutating func replace(_ name: String, _ shape: [Int], _ type: UInt32, _ data: Data) {
    remove(name)
    add(name, shape, type, data)
  }

  /// Leaves a tensor out.
  mutating func remove(_ name: String) { tensors.removeAll { $0.name == name } }

  /// Leaves a metadata key out.
  mutating func removeKey(_ key: String) { pairs.removeAll { $0.key == key } }

  static func string(_ text: String) -> Data { Data.of(UInt64(text.utf8.count)) + Data(text.utf8) }

  /// The whole file. `offset` may lie about the place of a tensor.
  func data(offset: (_ name: String, _ true: Int) -> Int = { $1 }) -> Data {
    var file = Data("GGUF".utf8) + Data.of(version) + Data.of(UInt64(tensors.count)) + Data.of(UInt64(pairs.count))
    for pair in pairs { file += Self.string(pair.key) + pair.typeAndValue }
    var position = 0
    for tensor in tensors {
      file += Self.string(tensor.name) + Data.of(UInt32(tensor.shape.count))
      for size in tensor.shape.reversed() { file += Data.of(UInt64(size)) }
      file += Data.of(tensor.type) + Data.of(UInt64(offset(tensor.name, position)))
      position = padded(position + tensor.data.count)
    }
    file += Data(count: padded(file.count) - file.count)
    for tensor in tensors { file += tensor.data + Data(count: padded(tensor.data.count) - tensor.data.count) }
    return file
  }

  private func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}
