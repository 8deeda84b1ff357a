import ArgumentParser
import Foundation
import GPUTensor
import Kernels

/// `--device`, which every command takes.
struct DeviceOption: ParsableArguments {
  @Option(
    name: .customLong("device"),
    help: "auto, cpu (the fallback without OpenCL), an index of `accrete devices`, or a part of a name.")
  var device: String?

  /// The executor that the option, or else the recipe, `ACCRETE_DEVICE` or auto chooses; the choice is printed.
  ///
  /// - Parameter factors: what matrix products are to multiply.
  func makeExecutor(
    recipe: String? = nil, factors: FactorType = .float32, profiling: Bool = false
  ) throws(OpenCLError) -> any Executor {
    let selection = DeviceSelection.resolve(option: device, recipe: recipe)
    guard let chosen = try selection.device() else {
      let why = selection == .cpu ? "as asked" : "no OpenCL device was found"
      Console.note("device: CPU fallback, without OpenCL (\(why))")
      return CPUExecutor<Float>(factors: factors)
    }
    var traits = KernelTraits(device: chosen)
    traits.factors = factors
    if factors == .bfloat16 { traits.bf16Method = Self.bf16Methods(chosen).last ?? .rounding }
    let executor = try OpenCLExecutor(device: chosen, traits: traits, profiling: profiling)
    let how = traits.matmulFamily == .panel ? traits.bf16Method : .rounding
    Console.note("device: \(executor.deviceName)" + (factors == .bfloat16 ? ", bf16 by \(how.rawValue)" : ""))
    return executor
  }

  /// How a device can multiply bf16, the fastest last.
  static func bf16Methods(_ device: Device) -> [BF16Method] {
    BF16Probe.ownExecutable.map { BF16Probe.methods(on: device, executable: $0) } ?? [.rounding]
  }
}
