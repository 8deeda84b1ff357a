import Foundation
import Kernels
import TestSupport
import Testing

extension CommandTests {
  /// The check before a device is trusted. Its drivers compute wrongly through a copy of the kernels, one of them
  /// broken.
  @Suite("The first check", .onOpenCL)
  struct FirstCheckCommandTests {
    private static let ids = ["--model", TestData.golden("llama/biases").path, "--ids", "5,6,7"]

    /// A folder for kept checks, and kernels in which `line` replaces a line of `reduce.cl`.
    private struct Lie {
      let fixture: CommandFixture
      let environment: [String: String]

      init(_ line: String, in place: String = "const float total = group_sum(lane_sum(sum), scratch);") throws {
        fixture = try CommandFixture()
        let kernels = try KernelFolder.copy(breaking: "reduce.cl", replacing: place, with: line)
        try FileManager.default.moveItem(at: kernels, to: fixture.file("kernels"))
        environment = [
          "ACCRETE_KERNELS": fixture.file("kernels").path, "ACCRETE_CACHE": fixture.file("cache").path,
          // Kernels that are used only once stay out of the shared cache.
          "POCL_CACHE_DIR": fixture.file("pocl").path, "ACCRETE_CHECK_SECONDS": "20",
        ]
        try FileManager.default.createDirectory(at: fixture.file("pocl"), withIntermediateDirectories: true)
      }

      func run(_ arguments: String...) throws -> CommandOutcome {
        try AccreteProcess.run(arguments, environment: environment)
      }

      /// Names of the kept checks.
      var kept: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: fixture.file("cache/checks").path)) ?? []
      }
    }

    /// Expects that the device is refused where it is named, and skipped under auto.
    private static func expectRefusal(_ lie: Lie, _ words: String...) throws {
      let device = try #require(OpenCLDevices.all.first)
      let named = try AccreteProcess.run(["score", "--device", "0"] + ids, environment: lie.environment)
      #expect(named.code == 69 && named.output.isEmpty && named.errorLines.count == 1, "\(named.errors)")
      let line = named.errorLines.first ?? ""
      for word in [device.name, device.driverVersion, "accrete doctor --device 0"] + words {
        #expect(line.contains(word), "\(word) is not in: \(line)")
      }
      #expect(lie.kept.count == 1)
      // A kept refusal: nothing is computed on the device any more.
      let train = try AccreteProcess.run(
        ["train", lie.fixture.recipe.path, "max_steps=1", "--device", device.name], environment: lie.environment)
      #expect(train.code == 69 && !train.errors.contains("is new here"), "\(train.errors)")
      let generate = try AccreteProcess.run(
        ["generate", "--max-tokens", "2"] + ids, environment: lie.environment.merging(["ACCRETE_DEVICE": "0"]) { $1 })
      #expect(generate.code == 69, "\(generate.errors)")
    }

    @Test("kernels that err: refused by name, passed over by auto, and known from then on")
    func wrong() throws {
      let lie = try Lie("const float total = 1.001f * group_sum(lane_sum(sum), scratch);")
      try Self.expectRefusal(lie, "reduce", "expected")
      // Every device is unchecked here, and fails: auto falls back to the CPU.
      let auto = try lie.run("score", "--model", TestData.golden("llama/biases").path, "--ids", "5,6,7", "--json")
      #expect(auto.code == 0, "\(auto.errors)")
      let lines = auto.errors.split(separator: "\n")
      #expect(lines.count { $0.hasPrefix("skipped: ") && $0.contains("reduce") } == OpenCLDevices.all.count)
      #expect(lines.last == "device: CPU fallback, without OpenCL (no OpenCL device passed its check)")
      let fallback = try AccreteProcess.run(["score", "--device", "cpu", "--json"] + Self.ids)
      #expect(try auto.json()["loss"] as? Double == fallback.json()["loss"] as? Double)

      let devices = try lie.run("devices")
      #expect(devices.output.contains("refused: reduce") && devices.output.contains("* cpu"), "\(devices.output)")
      let doctor = try lie.run("doctor", "reduce", "--small", "--device", "0")
      #expect(doctor.code == 70 && lie.kept.count == OpenCLDevices.all.count - 1, "the next start checks anew")
      let again = try AccreteProcess.run(["score", "--device", "0"] + Self.ids, environment: lie.environment)
      #expect(again.code == 69 && again.errors.contains("is new here"), "\(again.errors)")
    }

    @Test("kernels that are not compiled, that crash, and that never end")
    func worse() throws {
      try Self.expectRefusal(try Lie("#error no such thing\n"), "clBuildProgram", "reduce.cl")
      let crash = "const float total = *(const volatile __global float *)(size_t)(parts == -1 ? 64 : 8);"
      try Self.expectRefusal(try Lie(crash), "crashed", "reduce")
      let hang = "for (volatile int forever = 1; forever;) {}\n  const float total = lane_sum(sum);"
      let lie = try Lie(hang)
      let impatient = lie.environment.merging(["ACCRETE_CHECK_SECONDS": "4"]) { $1 }
      let found = try AccreteProcess.run(["score", "--device", "0"] + Self.ids, environment: impatient)
      #expect(found.code == 69 && found.errorLines.first?.contains("no result within 4 s") == true, "\(found.errors)")
      #expect(lie.kept.count == 1)
    }

    @Test("a device is new once: for its driver and kernels, and where what is kept can be read")
    func kept() throws {
      let fixture = try CommandFixture()
      let environment = ["ACCRETE_CACHE": fixture.file("cache").path]
      func isNew() throws -> Bool {
        let outcome = try AccreteProcess.run(["score"] + Self.ids, environment: environment)
        try #require(outcome.code == 0, "\(outcome.errors)")
        return outcome.errors.contains("is new here")
      }
      #expect(try isNew() && !isNew())
      let folder = fixture.file("cache/checks")
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).first)
      try fixture.write("{", "cache/checks/" + name)
      #expect(try isNew() && !isNew())

      try FileManager.default.removeItem(at: fixture.file("cache"))
      try fixture.write("no folder", "cache")
      #expect(try isNew() && isNew())
      let outcome = try AccreteProcess.run(["score"] + Self.ids, environment: environment)
      #expect(outcome.errors.split(separator: "\n").count { $0.contains("is not kept") } == 1, "\(outcome.errors)")
    }
  }
}
