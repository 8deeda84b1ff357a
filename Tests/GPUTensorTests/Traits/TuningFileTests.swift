import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing

@Suite("Tuning")
struct TuningFileTests {
  @Test("products are classed by their transposes and width; rows decide nothing")
  func classes() {
    for rows in [1, 7, 100_000] {
      #expect(MatmulClass(transposeA: false, transposeB: true, m: rows, n: 576) == .nt)
      #expect(MatmulClass(transposeA: false, transposeB: true, m: rows, n: 256) == .ntNarrow)
      #expect(MatmulClass(transposeA: false, transposeB: false, m: rows, n: 257) == .nn)
    }
    #expect(MatmulClass(transposeA: true, transposeB: false, m: 8, n: 576) == .tnNarrow)
    #expect(MatmulClass(transposeA: true, transposeB: true, m: 8, n: 576) == nil)
  }

  @Test("sizes beyond the device or the kernels are none", .onOpenCL, arguments: OpenCLDevices.all)
  func validity(_ device: Device) {
    for family in MatmulFamily.allCases where family != .clblast {
      #expect(MatmulParameters(family, tile: KernelTraits(device: device).tile).isValid(on: device))
    }
    #expect(!MatmulParameters(.panel, panel: .init(chunkTiles: 6)).isValid(on: device))
    #expect(!MatmulParameters(.panel, panel: .init(depthBlock: 100)).isValid(on: device))
    #expect(!MatmulParameters(.panel, panel: .init(chunkTiles: 64, depthBlock: 4096)).isValid(on: device))
    #expect(!MatmulParameters(.tile, tile: .init(64, 64, 16, items: 0, 4)).isValid(on: device))
    #expect(!MatmulParameters(.tile, tile: .init(512, 512, 512, items: 16, 16)).isValid(on: device))
    #expect(!MatmulParameters(.tile, tile: .init(64, 60, 16, items: 4, 8)).isValid(on: device))
    // A work-item would hold half a run of four elements.
    #expect(!MatmulParameters(.tile, tile: .init(64, 64, 8, items: 4, 4)).isValid(on: device))
  }

  @Test("a file is read as it was written; one that is torn, of another driver or unsuitable is not used", .onOpenCL)
  func file() throws {
    let device = try #require(OpenCLDevices.all.first)
    let url = FileManager.default.temporaryDirectory.appending(path: "tuning-\(UUID().uuidString)/file.json")
    defer { try? FileManager.default.removeItem(at: url.deletingLastPathComponent()) }
    guard case .success(nil) = TuningFile.load(url, for: device) else {
      Issue.record("a file that is not there")
      return
    }
    var file = try TuningFile(for: device)
    let parameters = MatmulParameters(.panel, panel: .init(chunkTiles: 8))
    file.products[.float32] = [
      .ntNarrow: TuningFile.Product(parameters: parameters, shape: "1x2x3 NT", milliseconds: 2, gain: 1.5)
    ]
    file.failures = [
      TuningFile.Failure(precision: .bfloat16, product: .tn, parameters: MatmulParameters(.tile), reason: "it crashed")
    ]
    try file.write(to: url)
    guard case .success(let read?) = TuningFile.load(url, for: device) else {
      Issue.record("\(TuningFile.load(url, for: device))")
      return
    }
    #expect(read.products[.float32]?[.ntNarrow]?.parameters == parameters)
    #expect(read.failures.first?.parameters == MatmulParameters(.tile) && read.failures.first?.product == .tn)

    let text = try String(contentsOf: url, encoding: .utf8)
    for (old, new, why) in [
      (text, String(text.prefix(text.count / 2)), "it cannot be read"),
      (device.driverVersion, "another driver", "it is for driver another driver"),
      (#""chunk_tiles" : 8"#, #""chunk_tiles" : 7"#, "it holds sizes that do not suit the device"),
      (file.kernels, "0", "it is for other kernels"),
    ] {
      #expect(text.contains(old))
      try text.replacing(old, with: new).write(to: url, atomically: true, encoding: .utf8)
      guard case .failure(let unusable) = TuningFile.load(url, for: device) else {
        Issue.record("it was taken: \(why)")
        continue
      }
      #expect(unusable.why == why && unusable.description.contains("accrete tune"))
    }
  }
}
