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
  func makeExecutor(recipe: String? = nil, profiling: Bool = false) throws(OpenCLError) -> any Executor {
    let selection = DeviceSelection.resolve(option: device, recipe: recipe)
    guard let chosen = try selection.device() else {
      let why = selection == .cpu ? "as asked" : "no OpenCL device was found"
      Console.note("device: CPU fallback, without OpenCL (\(why))")
      return CPUExecutor<Float>()
    }
    let executor = try OpenCLExecutor(device: chosen, profiling: profiling)
    Console.note("device: \(executor.deviceName)")
    return executor
  }
}
