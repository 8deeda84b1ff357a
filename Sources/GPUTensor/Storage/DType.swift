import Kernels

/// How the elements of a tensor are stored.
package enum DType: String, Sendable, CaseIterable {
  case float32
  /// The upper half of a float32, rounded to nearest even: storage, never arithmetic.
  case bfloat16
  case int32
  /// Blocks of 64 signed bytes with the largest magnitude in float (`Int8Blocks`).
  case int8
  /// Blocks of 64 codes of 4 bits with doubly quantised scales (`NF4Blocks`).
  case nf4
  /// GGUF's blocks of 32 (`GGUFBlocks`).
  case q8_0
  case q4_0
  case q4_1
  /// Blocks of 256 codes of 8 bits with the largest magnitude in float (`MomentBlocks`): an optimiser's moments.
  case moment1
  case moment2

  /// Bytes of so many elements.
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

  /// Elements that are encoded together, of which a matrix has a whole number.
  package var blockElements: Int {
    switch self {
    case .float32, .bfloat16, .int32: 1
    case .int8, .nf4: 64
    case .q8_0, .q4_0, .q4_1: 32
    case .moment1, .moment2: MomentBlocks.elements
    }
  }

  /// Whether it is one of the types that a frozen weight may have.
  var isOfWeights: Bool { self != .int32 && moments == nil }

  /// How moments in blocks are coded.
  var moments: MomentBlocks? {
    switch self {
    case .moment1: .first
    case .moment2: .second
    default: nil
    }
  }

  /// Whether elements share scales: such a matrix is written as a whole, and never by a kernel but an optimiser's.
  package var isBlocks: Bool { blockElements > 1 }

  /// What kernels know it by: STORAGE of `kernels/prelude/storage.cl`.
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

  /// The define that a kernel which reads a matrix of this type is compiled with; none for float32.
  var storageDefines: Defines { storage == 0 ? [:] : ["STORAGE": storage] }
}

extension DType {
  /// Floats as this type stores them.
  ///
  /// - Parameter values: a whole matrix, where elements share scales. One that is not finite spoils its block: the block
  ///   reads as NaN.
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

  /// The floats that bytes of this type stand for.
  ///
  /// - Parameters:
  ///   - bytes: of whole blocks.
  ///   - values: room for their elements.
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

  /// As many floats as that, in an array.
  func decoded(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { floats, initialized in
      decode(bytes, into: UnsafeMutableBufferPointer(rebasing: floats[..<count]))
      initialized = count
    }
  }
}
