import Dispatch

/// nf4 with double quantisation: 64 numbers share a scale, their largest magnitude (absmax); each is coded as the
/// nearest of 16 quantiles of the normal distribution, times absmax. The absmaxes, less their mean, are coded in 8
/// bits, in groups of 256.
///
/// Bytes: a header of 256 levels, the mean, and the pair of quantiles for each byte of codes, all as floats; then for
/// each group its largest |absmax − mean| as a float, 256 levels of 8 bits, and the codes, two a byte, the first in the
/// high nibble. Padding as in `kernels/prelude/storage.cl`.
///
/// Source: QLoRA, arXiv:2305.14314, section 3; levels by dynamic tree quantisation, arXiv:2110.02861.
package enum NF4Blocks {
  static let elements = 64
  private static let groupBlocks = 256
  private static let groupElements = elements * groupBlocks
  private static let pairsPlace = 1040
  private static let headerBytes = pairsPlace + 2048
  private static let scaleBytes = 272
  private static let groupBytes = scaleBytes + groupElements / 2

  static let values: [Float] = [
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
  ]

  /// The 256 values in −1 … 1 of an 8-bit level, ascending: ±2^i steps at the scale 10^(i−6), i = 0 … 6, and 0 and 1.
  static let levels: [Float] = {
    var levels: [Float] = [0, 1]
    for exponent in 0..<7 {
      let steps = 1 << exponent
      let width = (1 - Float(0.1)) / Float(steps)
      let bounds = (0...steps).map { step in
        step < (steps + 1) / 2
          ? Float(0.1).addingProduct(width, Float(step)) : Float(1).addingProduct(-width, Float(steps - step))
      }
      var scale = 1.0
      for _ in exponent..<6 { scale /= 10 }
      for (low, high) in zip(bounds, bounds.dropFirst()) {
        let level = Float(scale) * ((low + high) / 2)
        levels += [level, -level]
      }
    }
    return levels.sorted()
  }()

  static func byteCount(_ count: Int) -> Int {
    let (whole, rest) = count.quotientAndRemainder(dividingBy: groupElements)
    return headerBytes + whole * groupBytes + (rest > 0 ? scaleBytes + (rest + 1) / 2 : 0)
  }

  /// A matrix in parts: codes, two a byte; each block's level; each group's largest |absmax − mean|; the mean of the
  /// absmaxes.
  package struct Parts {
    package var codes: [UInt8]
    package var levels: [UInt8]
    package var scales: [Float]
    package var mean: Float

    package init(codes: [UInt8], levels: [UInt8], scales: [Float], mean: Float) {
      (self.codes, self.levels, self.scales, self.mean) = (codes, levels, scales, mean)
    }

    /// The bytes in the layout that kernels read.
    package func assembled() -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: NF4Blocks.byteCount(2 * codes.count))
      bytes.withUnsafeMutableBytes { bytes in
        for (index, level) in (NF4Blocks.levels + [mean]).enumerated() {
          bytes.storeBytes(of: level, toByteOffset: 4 * index, as: Float.self)
        }
        for byte in 0..<256 {
          let place = pairsPlace + 8 * byte
          bytes.storeBytes(of: NF4Blocks.values[byte >> 4], toByteOffset: place, as: Float.self)
          bytes.storeBytes(of: NF4Blocks.values[byte & 15], toByteOffset: place + 4, as: Float.self)
        }
        for (group, scale) in scales.enumerated() {
          let place = headerBytes + group * groupBytes
          bytes.storeBytes(of: scale, toByteOffset: place, as: Float.self)
          let own = levels[group * groupBlocks..<min(levels.count, (group + 1) * groupBlocks)]
          UnsafeMutableRawBufferPointer(rebasing: bytes[(place + 4)...]).copyBytes(from: own)
          let half = groupElements / 2
          let pairs = codes[group * half..<min(codes.count, (group + 1) * half)]
          UnsafeMutableRawBufferPointer(rebasing: bytes[(place + scaleBytes)...]).copyBytes(from: pairs)
        }
      }
      return bytes
    }
  }

  static func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
    let blocks = values.count / elements
    let absmaxes = (0..<blocks).map { BlockScale.absmax(values, $0 * elements..<($0 + 1) * elements) }
    let codes = [UInt8](unsafeUninitializedCapacity: values.count / 2) { codes, count in
      nonisolated(unsafe) let target = codes
      nonisolated(unsafe) let source = values
      let midpoints = zip(Self.values, Self.values.dropFirst()).map { ($0 + $1) / 2 }
      BlockScale.forEachRun(blocks) { run in
        for block in run { encode(source, block, scale: absmaxes[block], midpoints, to: target) }
      }
      count = values.count / 2
    }
    // A block that is not finite spoils itself alone: the mean is that of the others.
    let finite = absmaxes.filter(\.isFinite)
    let mean = Float(finite.reduce(0) { $0 + Double($1) } / Double(max(finite.count, 1)))
    var levels: [UInt8] = []
    var scales: [Float] = []
    for first in stride(from: 0, to: blocks, by: groupBlocks) {
      let group = absmaxes[first..<min(blocks, first + groupBlocks)].map { $0 - mean }
      let scale = group.reduce(0) { max($0, abs($1)) } + group.reduce(0) { $0 + $1 * 0 }
      scales.append(scale)
      levels += group.map { nearestLevel(scale > 0 ? $0 / scale : 0) }
    }
    return Parts(codes: codes, levels: levels, scales: scales, mean: mean).assembled()
  }

  /// Encodes a block: a number's code is the count of midpoints between quantiles that it exceeds.
  private static func encode(
    _ values: UnsafeBufferPointer<Float>, _ block: Int, scale: Float, _ midpoints: [Float],
    to codes: UnsafeMutableBufferPointer<UInt8>
  ) {
    let inverse = scale > 0 ? 1 / scale : 0
    for index in 0..<elements / 2 {
      let first = block * elements + 2 * index
      let (left, right) = (values[first] * inverse, values[first + 1] * inverse)
      var (high, low): (UInt8, UInt8) = (0, 0)
      for middle in midpoints {
        high += left > middle ? 1 : 0
        low += right > middle ? 1 : 0
      }
      codes[first / 2] = high << 4 | low
    }
  }

  private static func nearestLevel(_ value: Float) -> UInt8 {
    var (low, high) = (0, levels.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if levels[middle] <= value { low = middle } else { high = middle }
    }
    return UInt8(value - levels[low] <= levels[high] - value ? low : high)
  }

  static func decode(_ bytes: UnsafeRawBufferPointer, into numbers: UnsafeMutableBufferPointer<Float>) {
    let mean = bytes.loadUnaligned(fromByteOffset: 4 * 256, as: Float.self)
    for index in numbers.indices {
      let group = headerBytes + index / groupElements * groupBytes
      let inside = index % groupElements
      let level = bytes.loadUnaligned(fromByteOffset: 4 * Int(bytes[group + 4 + inside / elements]), as: Float.self)
      let absmax = level * bytes.loadUnaligned(fromByteOffset: group, as: Float.self) + mean
      let pair = bytes[group + scaleBytes + inside / 2]
      numbers[index] = values[Int(inside % 2 == 0 ? pair >> 4 : pair & 15)] * absmax
    }
  }
}
