import Dispatch

/// int8: a block is the largest magnitude (absmax) of 64 numbers as a float, and 64 signed bytes q; number = q · absmax
/// / 127.
///
/// Source: LLM.int8(), arXiv:2208.07339 (vector-wise quantisation), with vectors of 64 numbers instead of whole rows.
enum Int8Blocks {
  static let elements = 64
  private static let byteCount = 4 + elements

  static func byteCount(_ count: Int) -> Int { (count + elements - 1) / elements * byteCount }

  static func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
    let blocks = values.count / elements
    return [UInt8](unsafeUninitializedCapacity: blocks * byteCount) { bytes, count in
      nonisolated(unsafe) let target = UnsafeMutableRawBufferPointer(bytes)
      nonisolated(unsafe) let source = values
      BlockScale.forEachRun(blocks) { run in
        for block in run { encode(source, block * elements, to: target, at: block * byteCount) }
      }
      count = blocks * byteCount
    }
  }

  private static func encode(
    _ values: UnsafeBufferPointer<Float>, _ first: Int, to bytes: UnsafeMutableRawBufferPointer, at place: Int
  ) {
    let absmax = BlockScale.absmax(values, first..<first + elements)
    bytes.storeBytes(of: absmax, toByteOffset: place, as: Float.self)
    let steps = absmax > 0 ? 127 / absmax : 0
    for index in 0..<elements {
      let step = (values[first + index] * steps).rounded(.toNearestOrEven)
      bytes[place + 4 + index] = UInt8(bitPattern: Int8(step.isNaN ? 0 : max(-127, min(127, step))))
    }
  }

  static func decode(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    let unit: Float = 1.0 / 127
    for index in values.indices {
      let block = index / elements * byteCount
      let absmax = bytes.loadUnaligned(fromByteOffset: block, as: Float.self)
      values[index] = Float(Int8(bitPattern: bytes[block + 4 + index % elements])) * absmax * unit
    }
  }
}

/// Functions that the encoders of blocks share.
enum BlockScale {
  /// The largest magnitude in a range; NaN where a number is not finite.
  static func absmax(_ values: UnsafeBufferPointer<Float>, _ range: Range<Int>) -> Float {
    var largest: Float = 0
    var poison: Float = 0
    for index in range {
      largest = max(largest, abs(values[index]))
      poison += values[index] * 0
    }
    return largest + poison
  }

  /// Runs `body` for 0 ..< count in ranges of 1,024, on all cores.
  static func forEachRun(_ count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let size = 1 << 10
    DispatchQueue.concurrentPerform(iterations: (count + size - 1) / size) { run in
      body(run * size..<min(count, (run + 1) * size))
    }
  }
}
