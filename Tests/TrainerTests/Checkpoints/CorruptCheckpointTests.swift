import Foundation
import TestSupport
import Testing

import Trainer

/// Valid files, damaged at random places: each must load or be refused with a `CheckpointError`; a trap would end the
/// whole test run.
@Suite struct CorruptCheckpointTests {
  private static let rounds: UInt64 = 300

  /// A copy of `data` with a seeded damage: bytes changed, a stretch overwritten or cut out, or the end lost.
  ///
  /// Most damages fall on the first `headBytes`, where lengths and offsets stand.
  private func damaged(_ data: Data, seed: UInt64, headBytes: Int) -> Data {
    var generator = SeededGenerator(seed: seed)
    var bytes = [UInt8](data)
    let reach = seed % 4 == 0 ? bytes.count : min(headBytes, bytes.count)
    func place(_ generator: inout SeededGenerator) -> Int { Int.random(in: 0..<reach, using: &generator) }
    switch seed % 5 {
    case 0:
      bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
    case 1:
      for _ in 0..<Int.random(in: 1...4, using: &generator) { bytes[place(&generator)] ^= 1 << UInt8(seed / 5 % 8) }
    case 2:
      let start = place(&generator)
      let extremes: [UInt8] = [0x00, 0xFF, 0x7F, 0x80, 0x22, 0x39]
      let value = extremes[Int(seed / 5) % extremes.count]
      for index in start..<min(bytes.count, start + 8) { bytes[index] = value }
    case 3:
      let start = place(&generator)
      bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1...16, using: &generator)))
    default:
      for _ in 0..<8 { bytes[place(&generator)] = UInt8.random(in: 0...255, using: &generator) }
    }
    return Data(bytes)
  }

  /// Opens and reads everything, `rounds` times.
  private func attack(_ data: Data, headBytes: Int, write: (Data) throws -> URL) throws {
    var refused = 0
    for seed in 0..<Self.rounds {
      let url = try write(damaged(data, seed: seed, headBytes: headBytes))
      do {
        let model = try openModel(at: url)
        for name in model.tensorNames {
          _ = try model.tensor(name).reduce(0) { $0 + ($1.isNaN ? 1 : 0) }
        }
      } catch let error as CheckpointError {
        refused += 1
        #expect(!error.description.contains("\n"))
      }
    }
    // Damage among the numbers goes unnoticed by design; damage to the structure does not.
    #expect(refused > Int(Self.rounds) / 4)
    #expect(throws: Never.self) { try openModel(at: write(data)) }
  }

  @Test func damagedGGUF() throws {
    let scratch = try CheckpointScratch()
    try attack(SmallLlama().gguf().data(), headBytes: 2000) { try scratch.write($0, "m.gguf") }
  }

  @Test(arguments: [0, 1]) func damagedLlama2c(_ version: Int) throws {
    let scratch = try CheckpointScratch()
    try attack(SmallLlama().llama2c(version: version), headBytes: 37) { try scratch.write($0, "m.bin") }
  }

  @Test func damagedSafetensors() throws {
    let scratch = try CheckpointScratch()
    try SmallLlama().writeHuggingFace(to: scratch.url)
    let data = try Data(contentsOf: scratch.url.appending(path: "model.safetensors"))
    try attack(data, headBytes: 2400) {
      try scratch.write($0, "model.safetensors")
      return scratch.url
    }
  }

  @Test func damagedConfig() throws {
    let scratch = try CheckpointScratch()
    try SmallLlama().writeHuggingFace(to: scratch.url)
    let data = try Data(contentsOf: scratch.url.appending(path: "config.json"))
    try attack(data, headBytes: data.count) {
      try scratch.write($0, "config.json")
      return scratch.url
    }
  }

  @Test(
    .enabled(if: TestData.isPresent, "no test data: set ACCRETE_TEST_DATA to its folder"),
    arguments: [
      ("stories260K/stories260K.bin", "m.bin", 28), ("stories260K/stories260K_v1.bin", "m.bin", 37),
      ("stories260K-gguf/stories260K-F16.gguf", "m.gguf", 14176), ("stories260K-hf/model.safetensors", "hf", 4864),
    ])
  func damagedRealModels(_ path: String, _ name: String, _ headBytes: Int) throws {
    let scratch = try CheckpointScratch()
    let data = try Data(contentsOf: TestData.url("models/" + path))
    if name == "hf" {
      try scratch.write(Data(contentsOf: TestData.url("models/stories260K-hf/config.json")), "config.json")
    }
    try attack(data, headBytes: headBytes) { damaged in
      if name != "hf" { return try scratch.write(damaged, name) }
      try scratch.write(damaged, "model.safetensors")
      return scratch.url
    }
  }
}
