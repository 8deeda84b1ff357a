import Kernels

/// The storage format of a tensor's elements.
package enum DType: String, Sendable, CaseIterable {
  case float32
  /// The upper half of a float32, rounded to nearest even; for storage, never for arithmetic.
  case bfloat16
  case int32
  /// Blocks of 64 signed bytes, and the largest magnitude as a float (`Int8Blocks`).
  case int8
  /// Blocks of 64 codes of 4 bits, with scales quantised in turn (`NF4Blocks`).
  case nf4
  /// GGUF's blocks of 32 (`GGUFBlocks`).
  case q8_0
  case q4_0
  case q4_1
  /// Blocks of 256 codes of 8 bits, and the largest magnitude as a float (`MomentBlocks`): an optimiser's moments.
  case moment1
  case moment2

  /// Bytes of `elements` elements.
  package func byteCount(_ elements: Int) -> Int {
    switch self {
    case .float32, .int32: 4 * elements
    case .bfloat16: 2 * elements
    case .int8: Int8Blocks.byteCount(elements)
    case .nf4: NF4Blocks.byteCount(elements)
    case .q8_0, .q4_0, .q4_1: GGUFBlocks.byteCount(elements, self)
    case .moment1, .moment2: MomentBlocks.byteCount(elements)
    }
  }

  /// Byte offset of an element. In block types only the first of a block has one; in nf4 only element 0.
  func place(ofElement index: Int) -> Int {
    precondition(index == 0 || index.isMultiple(of: blockElements) && self != .nf4, "no block begins at \(index)")
    return index == 0 ? 0 : byteCount(index)
  }

  /// Elements that are encoded together; a matrix holds whole blocks. 1 in types without blocks.
  package var blockElements: Int {
    switch self {
    case .float32, .bfloat16, .int32: 1
    case .int8, .nf4: 64
    case .q8_0, .q4_0, .q4_1: 32
    case .moment1, .moment2: MomentBlocks.elements
    }
  }

  /// True for the types that a frozen weight may have.
  var isOfWeights: Bool { self != .int32 && moments == nil }

  /// The code of moments in 8 bits; nil for other types.
  var moments: MomentBlocks? {
    switch self {
    case .moment1: .first
    case .moment2: .second
    default: nil
    }
  }

  /// True where elements share scales: such a matrix is written as a whole, and by no kernel but an optimiser's.
  package var isBlocks: Bool { blockElements > 1 }

  /// The type's number in kernels: STORAGE of `kernels/prelude/storage.cl`.
  var storage: Int {
    switch self {
    case .float32, .int32: 0
    case .bfloat16: 1
    case .int8: 2
    case .nf4: 3
    case .q8_0: 4
    case .q4_0: 5
    case .q4_1: 6
    case .moment1, .moment2: preconditionFailure("\(rawValue) is the optimiser's")
    }
  }

  /// The define of kernels that read a matrix of this type; none for float32.
  var storageDefines: Defines { storage == 0 ? [:] : ["STORAGE": storage] }
}

extension DType {
  /// Encodes floats in this type.
  ///
  /// - Parameter values: a whole matrix where elements share scales. A value that is not finite makes its block read as
  ///   NaN.
  package func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
    if let moments { return moments.encode(values) }
    precondition(values.count.isMultiple(of: blockElements), "\(rawValue) has whole blocks")
    switch self {
    case .float32: return Array(UnsafeRawBufferPointer(values))
    case .bfloat16: return values.map(narrowToBFloat).withUnsafeBytes(Array.init)
    case .int8: return Int8Blocks.encode(values)
    case .nf4: return NF4Blocks.encode(values)
    case .q8_0, .q4_0, .q4_1, .int32, .moment1, .moment2: preconditionFailure("\(rawValue) is read, not written")
    }
  }

  /// Decodes bytes of this type.
  ///
  /// - Parameters:
  ///   - bytes: whole blocks.
  ///   - values: receives the floats; its count is the number of elements.
  package func decode(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    precondition(bytes.count >= byteCount(values.count), "too few bytes of \(rawValue)")
    if let moments { return moments.decode(bytes, into: values) }
    switch self {
    case .float32: UnsafeMutableRawBufferPointer(values).copyMemory(from: .init(rebasing: bytes[..<(4 * values.count)]))
    case .bfloat16:
      for index in values.indices {
        values[index] = widenBFloat(bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      }
    case .int8: Int8Blocks.decode(bytes, into: values)
    case .nf4: NF4Blocks.decode(bytes, into: values)
    case .q8_0: GGUFBlocks.decodeQ8_0(bytes, into: values)
    case .q4_0: GGUFBlocks.decodeQ4_0(bytes, into: values)
    case .q4_1: GGUFBlocks.decodeQ4_1(bytes, into: values)
    case .int32, .moment1, .moment2: preconditionFailure("\(rawValue) is no float")
    }
  }

  /// `count` floats decoded from bytes of this type, as an array.
  func decoded(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { floats, initialized in
      decode(bytes, into: UnsafeMutableBufferPointer(rebasing: floats[..<count]))
      initialized = count
    }
  }
}
