import Foundation
import TestSupport
import Testing

import Trainer

@Suite struct GGUFDequantizationTests {
  /// Tests/Goldens/generate_quants.py makes these with the `gguf` package.
  @Test(arguments: GGUFTensorType.allCases.filter { $0 != .float32 })
  func theBitsAreThoseOfTheReference(_ type: GGUFTensorType) throws {
    let name = type.name
    let blocks = try Data(contentsOf: TestData.golden("quants/\(name).blocks"))
    let expected = try Data(contentsOf: TestData.golden("quants/\(name).f32")).floats
    #expect(expected.count == 1536)
    // Tensors of a quantised file stand at any even byte: an odd start is the worst.
    let shifted = Data([0]) + blocks
    var actual = [Float](repeating: .nan, count: expected.count)
    shifted.withUnsafeBytes { bytes in
      actual.withUnsafeMutableBufferPointer { type.widen(UnsafeRawBufferPointer(rebasing: bytes[1...]), into: $0) }
    }
    for (index, pair) in zip(actual, expected).enumerated() where pair.0.bitPattern != pair.1.bitPattern {
      Issue.record("\(name)[\(index)] is \(pair.0), the reference has \(pair.1)")
    }
  }
}
