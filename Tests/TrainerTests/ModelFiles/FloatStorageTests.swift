import Testing

import Trainer

@Suite struct FloatStorageTests {
  @Test func aFiniteNumberThatOverflowsIsReportedByIndex() {
    let numbers: [Float] = [1, .infinity, .nan, 70000]
    var narrowed = [UInt16](repeating: 0, count: 4)
    let index = numbers.withUnsafeBufferPointer { source in
      narrowed.withUnsafeMutableBytes { FloatStorage.float16.narrow(source, into: $0) }
    }
    #expect(index == 3)
  }

  @Test(arguments: [("f32", FloatStorage.float32), ("BF16", .bfloat16), ("float16", .float16), ("fp16", .float16)])
  func storageHasTheNamesOfItsNeighbours(_ name: String, _ storage: FloatStorage) {
    #expect(FloatStorage(named: name) == storage)
    #expect(FloatStorage(named: "int8") == nil)
  }
}
