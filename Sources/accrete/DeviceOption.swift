import ArgumentParser
import Foundation
import GPUTensor
import Kernels
import Trainer

/// `--device`, which every command takes.
struct DeviceOption: ParsableArguments {
  @Option(
    name: .customLong("device"),
    help: "auto, cpu (the fallback without OpenCL), an index of `accrete devices`, or a part of a name.")
  var device: String?

  /// The executor that the option, or else the recipe, `ACCRETE_DEVICE` or auto chooses; the choice is printed.
  ///
  /// - Parameters:
  ///   - factors: what matrix products are to multiply.
  ///   - recorded: how a checkpoint says that they were computed, which holds where it is of the same device.
  func makeExecutor(
    recipe: String? = nil, factors: FactorType = .float32, profiling: Bool = false, recorded: RunState.Tuning? = nil
  ) throws(OpenCLError) -> any Executor {
    let selection = DeviceSelection.resolve(option: device, recipe: recipe)
    guard let chosen = try selection.device() else {
      let why = selection == .cpu ? "as asked" : "no OpenCL device was found"
      Console.note("device: CPU fallback, without OpenCL (\(why))")
      return CPUExecutor<Float>(factors: factors)
    }
    var traits = KernelTraits(device: chosen)
    traits.factors = factors
    if factors == .bfloat16 { traits.bf16Method = .fastest(of: Self.bf16Methods(chosen), on: chosen) }
    traits.tunedProducts = recorded?.products(on: chosen) ?? Self.tunedProducts(chosen)[factors] ?? [:]
    let executor = try OpenCLExecutor(device: chosen, traits: traits, profiling: profiling)
    Console.note(
      "device: \(executor.deviceName)" + (factors == .bfloat16 ? ", bf16 by \(traits.bf16Method.rawValue)" : "")
        + (traits.tunedProducts.isEmpty ? "" : ", tuned"))
    return executor
  }

  /// Refuses what is no kernel.
  static func checkNames(_ kernels: [String], among names: [String]) throws {
    for kernel in kernels where !names.contains(kernel) {
      let nearest = EditDistance.nearest(to: kernel, among: names) ?? names[0]
      throw ValidationError("there is no kernel '\(kernel)': the nearest is '\(nearest)'")
    }
  }

  /// What `accrete tune` found on a device, by precision; a file that does not hold is said in one line.
  static func tunedProducts(_ device: Device) -> TunedProducts {
    switch TuningFile.load(for: device) {
    case .success(let file):
      return file?.products.mapValues { $0.mapValues(\.parameters) } ?? [:]
    case .failure(let unusable):
      Console.note("\(unusable)")
      return [:]
    }
  }

  /// How a device can multiply bf16, the fastest last.
  static func bf16Methods(_ device: Device) -> [BF16Method] {
    ChildProcess.ownExecutable.map { BF16Probe.methods(on: device, executable: $0) } ?? [.rounding]
  }
}
