import Foundation
import Kernels
import TestSupport
import Testing

extension CommandTests {
  /// The choice of the device, and its report on stderr.
  @Suite("Devices")
  struct DeviceCommandTests {
    @Test("devices lists what there is, and marks what auto takes")
    func devices() throws {
      let outcome = try AccreteProcess.run(["devices", "--json"])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let devices = try #require(outcome.json()["devices"] as? [[String: Any]])
      #expect(devices.count == OpenCLDevices.all.count)
      for (index, device) in devices.enumerated() {
        #expect(device["index"] as? Int == index)
        for key in ["name", "vendor", "platform", "driver", "version", "kind"] {
          #expect(device[key] as? String != nil, "\(key)")
        }
        #expect(device["global_memory_bytes"] as? Int ?? 0 > 0)
      }
      #expect(devices.count { $0["chosen"] as? Bool == true } == (devices.isEmpty ? 0 : 1))
    }

    // The suite of all ops checks every kernel, and so does doctor itself under Oclgrind.
    @Test(
      "doctor checks the kernels that are named against the CPU",
      .enabled(if: OpenCLDevices.arePresent, "\(OpenCLDevices.absence)"))
    func doctor() throws {
      let outcome = try AccreteProcess.run(["doctor", "attention", "softmax", "adamw", "--small", "--json"])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let kernels = try #require(outcome.json()["kernels"] as? [[String: Any]])
      // A CPU device also runs the kernels of a GPU.
      let isGPU = try DeviceSelection.auto.device()?.kind != .cpu
      let expected =
        isGPU
        ? ["attention/tile", "softmax", "adamw"]
        : ["attention/panel", "attention/tile", "softmax", "softmax/groups", "adamw", "adamw/groups"]
      // Variants with the other register width, and by sub-groups, are left out here.
      let names = kernels.compactMap { $0["name"] as? String }
      #expect(names.filter { !$0.hasSuffix("-lanes") && !$0.hasSuffix("/subgroups") } == expected)
      let unknown = try AccreteProcess.run(["doctor", "softmaxx"])
      #expect(unknown.code == 64 && unknown.errorLines.first?.contains("the nearest is 'softmax'") == true)
      for kernel in kernels {
        #expect(kernel["passed"] as? Bool == true, "\(kernel)")
        #expect(kernel["name"] as? String != nil && kernel["max_error"] as? Double != nil)
      }
    }

    /// An environment without any OpenCL platform: the loader finds no driver in an empty folder.
    private static func withoutPlatforms(_ fixture: CommandFixture) throws -> [String: String] {
      let folder = fixture.file("no-vendors")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return ["OCL_ICD_VENDORS": folder.path]
    }

    @Test("--device cpu trains without OpenCL, and says so in one line")
    func fallbackAsAsked() throws {
      let (_, train) = try TrainedModel.outcome.get()
      let lines = train.errors.split(separator: "\n").filter { $0.hasPrefix("device:") }
      #expect(lines == ["device: CPU fallback, without OpenCL (as asked)"])
    }

    @Test("auto falls back where there is no platform, and says so in one line")
    func fallbackOfAuto() throws {
      let fixture = try CommandFixture()
      let environment = try Self.withoutPlatforms(fixture)
      let outcome = try fixture.train("--json", environment: environment)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("device:") }
      #expect(lines == ["device: CPU fallback, without OpenCL (no OpenCL device was found)"])
      let listing = try AccreteProcess.run(["devices"], environment: environment)
      #expect(listing.code == 0 && listing.output.contains("no OpenCL device was found"))
    }

    private static let compiler = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .flatMap { folder in ["cc", "clang"].map { "\(folder)/\($0)" } }
      .first(where: FileManager.default.isExecutableFile)

    @Test(
      "a driver that crashes as it is released takes neither answer nor exit code with it", .onOpenCL,
      .enabled(if: compiler != nil, "no C compiler in PATH: neither cc nor clang"))
    func crashingRelease() throws {
      let fixture = try CommandFixture()
      let source = try fixture.write(
        """
        #include <errno.h>
        #include <stdlib.h>
        #include <string.h>
        extern char *program_invocation_short_name;
        int clReleaseContext(void *context) { abort(); }
        int clReleaseCommandQueue(void *queue) { abort(); }
        // A driver starts compilers and linkers, which are to end as they do.
        __attribute__((destructor)) static void unload(void) {
          if (strcmp(program_invocation_short_name, "accrete") == 0) abort();
        }
        """, "release.c")
      let library = fixture.file("release.so").path
      let compiler = try Process.run(
        URL(fileURLWithPath: #require(Self.compiler)),
        arguments: ["-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source.path])
      compiler.waitUntilExit()
      try #require(compiler.terminationStatus == 0)
      let model = ["--model", TestData.golden("llama/biases").path, "--ids", "5,6,7", "--json"]
      for command in [["score"], ["generate", "--max-tokens", "2"]] {
        let outcome = try AccreteProcess.run(command + model, environment: ["LD_PRELOAD": library])
        #expect(outcome.code == 0, "\(command): \(outcome.errors)")
        #expect(!outcome.output.isEmpty)
      }
    }

    @Test("the option wins over the recipe, the recipe over ACCRETE_DEVICE")
    func precedence() throws {
      let fixture = try CommandFixture()
      let ids = ["score", "--model", TestData.golden("llama/biases").path, "--ids", "5,6", "--json"]
      let none = try AccreteProcess.run(ids, environment: ["ACCRETE_DEVICE": "nosuch"])
      #expect(none.code == 69)
      let option = try AccreteProcess.run(ids + ["--device", "cpu"], environment: ["ACCRETE_DEVICE": "nosuch"])
      #expect(option.code == 0)
      try fixture.write("device: nosuch\n" + CommandFixture.recipeText(), "recipe.yaml")
      #expect(try fixture.train(environment: ["ACCRETE_DEVICE": "cpu"]).code == 69)
      #expect(try fixture.train("--device", "cpu").code == 0)
    }
  }
}
