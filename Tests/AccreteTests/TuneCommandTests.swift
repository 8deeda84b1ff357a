import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing

extension CommandTests {
  /// `accrete tune`: the file it keeps, the commands that obey it, and its refusals.
  @Suite("tune")
  struct TuneCommandTests {
    @Test("the search leaves one file, which the other commands obey", .onOpenCL)
    func search() throws {
      let fixture = try CommandFixture()
      let environment = ["ACCRETE_TUNING": fixture.file("tuning").path]
      let outcome = try AccreteProcess.run(
        ["tune", "--shapes", "40x300x24:nt,24x40x300:tn", "--seconds", "4", "--json"], environment: environment)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let object = try outcome.json()
      for key in ["device", "platform", "driver", "kernels", "date", "products", "failures"] {
        #expect(object[key] != nil, "\(key)")
      }
      let files = try FileManager.default.contentsOfDirectory(atPath: fixture.file("tuning").path)
      #expect(files.count == 1)
      #expect(outcome.errors.contains("40x300x24 NT") && outcome.errors.contains("24x40x300 TN"), "\(outcome.errors)")

      try fixture.write("{", "tuning/" + (files.first ?? ""))
      let torn = try AccreteProcess.run(["bench", "--shapes", "8x8x8", "--quick"], environment: environment)
      #expect(torn.code == 0 && torn.errors.contains("is not used: it cannot be read"), "\(torn.errors)")
    }

    @Test("a resumed run multiplies as its checkpoint says, whatever was tuned since", .onOpenCL)
    func recorded() throws {
      let fixture = try CommandFixture()
      try fixture.tune(MatmulParameters(.panel, panel: .init(depthBlock: 16)))
      let environment = ["ACCRETE_TUNING": fixture.file("tuning").path]
      let whole = try fixture.train("output_dir=whole", environment: environment)
      try #require(whole.code == 0 && whole.errors.contains(", tuned"), "\(whole.errors)")
      let stopped = try fixture.train("save_steps=2", environment: environment, signal: SIGINT) {
        fixture.stepCount >= 2
      }
      try #require(stopped.code == 130, "\(stopped.errors)")
      let resumed = try fixture.train("save_steps=2", "--resume")
      #expect(resumed.code == 0 && resumed.errors.contains(", tuned"), "\(resumed.errors)")
      let branch = try fixture.train("save_steps=2", "--branch", "same", "--from-round", "2")
      #expect(branch.code == 0 && branch.errors.contains(", tuned"), "\(branch.errors)")
      let untuned = try fixture.train("output_dir=untuned")
      #expect(untuned.code == 0 && !untuned.errors.contains(", tuned"), "\(untuned.errors)")
      func model(_ run: String) throws -> Data {
        try Data(contentsOf: fixture.file(run + "/rounds/02-two/model.safetensors"))
      }
      #expect(try model("run") == model("whole"))
      #expect(try model("run/branches/same") == model("whole"))
      #expect(try model("untuned") != model("whole"), "the tuned products have other last bits")
    }

    @Test("what cannot be searched is refused with the remedy")
    func refusals() throws {
      let both = try AccreteProcess.run(["tune", "--shapes", "8x8x8:tt"])
      #expect(both.code == 64 && both.errorLines.first?.contains("transposes both operands") == true, "\(both.errors)")
      #expect(try AccreteProcess.run(["tune", "--seconds", "0"]).code == 64)
      #expect(try AccreteProcess.run(["tune", "--precision", "fp8"]).code == 64)
      let absent = try AccreteProcess.run(["tune", "--device", "cpu"])
      #expect(absent.code == 69 && absent.errorLines.count == 1)
    }
  }
}

extension CommandFixture {
  /// Writes a tuning file for the device that `auto` chooses.
  fileprivate func tune(_ parameters: MatmulParameters) throws {
    let device = try #require(try DeviceSelection.auto.device())
    var file = try TuningFile(for: device)
    let product = TuningFile.Product(parameters: parameters, shape: "made up", milliseconds: 1, gain: 2)
    file.products[.float32] = Dictionary(uniqueKeysWithValues: MatmulClass.allCases.map { ($0, product) })
    let name = try #require(TuningFile.url(for: device)).lastPathComponent
    try file.write(to: self.file("tuning/" + name))
  }
}
