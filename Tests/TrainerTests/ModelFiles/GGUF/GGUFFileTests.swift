import Foundation
import Testing

import Trainer

@Suite struct GGUFFileTests {
  private func open(_ data: Data) throws -> GGUFFile {
    let scratch = try CheckpointScratch()
    return try GGUFFile(scratch.write(data, "m.gguf"))
  }

  @Test(arguments: [UInt32(2), 3]) func everyTypeOfValueIsRead(_ version: UInt32) throws {
    var builder = GGUFBuilder()
    builder.version = version
    let integers: [(UInt32, Data)] = [
      (0, Data.of(UInt8(200))), (1, Data.of(Int8(-2))), (2, Data.of(UInt16(60000))), (3, Data.of(Int16(-300))),
      (4, Data.of(UInt32(4_000_000_000))), (5, Data.of(Int32(-70000))), (10, Data.of(UInt64(1) << 40)),
      (11, Data.of(Int64(-1) << 40)),
    ]
    for (type, value) in integers { builder.add("i\(type)", type: type, value) }
    builder.add("f32", Float(1e-5))
    builder.add("f64", type: 12, Data.of(0.1))
    builder.add("yes", true)
    builder.add("text", "naïve")
    builder.add("texts", ["a", "", "ß"])
    let numbers = Data.of(UInt32(5)) + Data.of(UInt64(2)) + Data.of(Int32(-1)) + Data.of(Int32(7))
    builder.add("numbers", type: 9, numbers)
    builder.add("nested", type: 9, Data.of(UInt32(9)) + Data.of(UInt64(2)) + numbers + numbers)
    builder.add("last", UInt32(9))
    let metadata = try open(builder.data()).metadata
    let expected = [0: 200, 1: -2, 2: 60000, 3: -300, 4: 4_000_000_000, 5: -70000, 10: 1 << 40, 11: -1 << 40]
    for (type, value) in expected { #expect(try metadata.integer("i\(type)") == value) }
    #expect(try metadata.number("f32") == 1e-5)
    #expect(try metadata.number("f64") == 0.1)
    #expect(try metadata.bool("yes") == true)
    #expect(try metadata.string("text") == "naïve")
    #expect(try metadata.strings("texts") == ["a", "", "ß"])
    #expect(try metadata.integers("numbers") == [-1, 7])
    #expect(try metadata.integer("last") == 9)
    #expect(try metadata.integer("absent") == nil)
    #expect(throws: FileError.self) { try metadata.integers("nested") }
    #expect(throws: FileError.self) { try metadata.string("f32") }
  }

  @Test func countsAndOffsetsThatLieAreRefused() throws {
    func check(_ word: String, _ data: Data) throws {
      let error = try #require(checkpointError { _ = try open(data) })
      #expect(error.problem.contains(word), "\(error)")
    }
    let start = Data("GGUF".utf8) + Data.of(UInt32(3))
    try check("tensors are claimed", start + Data.of(UInt64.max) + Data.of(UInt64(0)))
    try check("metadata pairs are claimed", start + Data.of(UInt64(0)) + Data.of(UInt64(1 << 60)))
    let pair = start + Data.of(UInt64(0)) + Data.of(UInt64(1)) + GGUFBuilder.string("k")
    try check("99 is no type", pair + Data.of(UInt32(99)) + Data(count: 8))
    try check("bytes of a string", pair + Data.of(UInt32(8)) + Data.of(UInt64.max))
    let array = pair + Data.of(UInt32(9)) + Data.of(UInt32(6))
    try check("elements of an array", array + Data.of(UInt64(1) << 62) + Data(count: 64))
    let nested = (0..<1000).reduce(Data()) { data, _ in data + Data.of(UInt32(9)) + Data.of(UInt64(1)) }
    try check("nested", pair + Data.of(UInt32(9)) + nested)
    try check("not UTF-8", pair + Data.of(UInt32(8)) + Data.of(UInt64(1)) + Data([0xFF]))

    var builder = GGUFBuilder()
    builder.add("a", [4, 8], 0, Data(count: 128))
    builder.add("b", [4, 8], 0, Data(count: 128))
    #expect(try open(builder.data()).tensors.count == 2)
    try check("overlap", builder.data { _, _ in 0 })
    try check("ends beyond", builder.data { $0 == "b" ? 160 : $1 })
    try check("ends beyond", builder.data { $0 == "b" ? Int.max - 31 : $1 })
    try check("no multiple of 32", builder.data { $0 == "a" ? 1 : $1 })
    var shapes = GGUFBuilder()
    shapes.add("a", [1 << 40, 1 << 40], 0, Data())
    try check("overflows", shapes.data())
    shapes.replace("a", [1, 1, 1, 1, 1], 0, Data(count: 4))
    try check("5 dimensions", shapes.data())
    shapes.replace("a", [1 << 40], 0, Data(count: 4))
    try check("ends beyond", shapes.data())
  }

  @Test func llama3ScalingIsRecoveredFromItsTable() {
    // The factors of Llama 3.2 1B: D 64, theta 500000, factor 32, original context 8192.
    let factors = GGUFRopeFrequencies.llama3Factors(
      count: 32, theta: 500_000, factor: 32, low: 1, high: 4, original: 8192
    ).map { Float($0) }
    #expect(
      GGUFRopeFrequencies.scaling(factors: factors, theta: 500_000)
        == .llama3(factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8192))
    var changed = factors
    changed[15] *= 1.01
    #expect(GGUFRopeFrequencies.scaling(factors: changed, theta: 500_000) == nil)
    #expect(GGUFRopeFrequencies.scaling(factors: [1, 1, 1], theta: 10000) == RopeScaling.none)
    #expect(GGUFRopeFrequencies.scaling(factors: [1, .nan], theta: 10000) == nil)
  }
}
