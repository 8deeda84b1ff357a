import Foundation
import Testing

import Trainer

@Suite struct Llama2cModelTests {
  @Test(arguments: [0, 1], [true, false]) func bothVersionsGiveTheWeights(_ version: Int, _ isTied: Bool) throws {
    var small = SmallLlama()
    small.configuration.tieWordEmbeddings = isTied
    let scratch = try CheckpointScratch()
    let model = try openModel(at: scratch.write(small.llama2c(version: version), "m.bin"))
    #expect(model.configuration == small.configuration)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name), "\(name)") }
  }

  @Test(arguments: [0, 1]) func theSizeMustBeExact(_ version: Int) throws {
    let scratch = try CheckpointScratch()
    let data = SmallLlama().llama2c(version: version)
    for wrong in [data.dropLast(1), data + Data(count: 1), data.prefix(40), data.prefix(27), Data()] {
      let url = try scratch.write(Data(wrong), "m.bin")
      #expect(checkpointError { _ = try openModel(at: url) }?.kind == .invalid)
    }
  }

  @Test func theQuantisedVersionIsRefusedByName() throws {
    let scratch = try CheckpointScratch()
    let url = try scratch.write(Data("24ka".utf8) + Data.of(Int32(2)) + Data(count: 300), "m.bin")
    #expect(checkpointError { _ = try openModel(at: url) }?.problem.contains("version 2") == true)
  }
}
