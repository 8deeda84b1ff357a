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
  ///   - operands: what matrix products are to multiply.
  ///   - recorded: how a checkpoint says that they were computed, which holds where it is of the same device.
  func makeExecutor(
    recipe: String? = nil, operands: OperandType = .float32, profiling: Bool = false, recorded: RunState.Tuning? = nil
  ) throws(DeviceError) -> any Executor {
    let selection = DeviceSelection.resolve(option: device, recipe: recipe)
    guard let (chosen, traits) = try Self.trusted(selection, operands: operands, recorded: recorded) else {
      let found = try selection.candidates().isEmpty ? "was found" : "passed its check"
      let why = selection == .cpu ? "as asked" : "no OpenCL device " + found
      Console.note("device: CPU fallback, without OpenCL (\(why))")
      return CPUExecutor<Float>(operands: operands)
    }
    Self.opened = nil
    let executor = try OpenCLExecutor(device: chosen, traits: traits, profiling: profiling)
    executor.context.keepUntilExit()
    Self.opened = executor
    Console.note(
      "device: \(executor.deviceName)" + (operands == .bfloat16 ? ", bf16 by \(traits.bf16Method.rawValue)" : "")
        + (traits.tunedProducts.isEmpty ? "" : ", tuned"))
    return executor
  }

  /// What the command computes with, until it opens another: results are printed before a driver releases anything.
  nonisolated(unsafe) private static var opened: (any Executor)?

  /// The device that the option or `ACCRETE_DEVICE` chooses, where it has passed its check; nil: the CPU fallback.
  func checkedDevice() throws(DeviceError) -> Device? {
    try Self.trusted(DeviceSelection.resolve(option: device))?.device
  }

  /// As `checkedDevice`, from the checks that are kept: nothing is computed, and a device that is new is taken.
  func likelyDevice(recipe: String? = nil) throws(DeviceError) -> Device? {
    let selection = DeviceSelection.resolve(option: device, recipe: recipe)
    let candidates = try selection.candidates()
    return selection == .auto ? candidates.first { DeviceTrust.knownRefusal(of: $0) == nil } : candidates.first
  }

  /// The first device of a choice that passes its check, and how it is to compute; under auto one line names each that
  /// does not.
  ///
  /// - Throws: `DeviceError` of kind `noSuchDevice` where the device was named.
  private static func trusted(
    _ selection: DeviceSelection, operands: OperandType = .float32, recorded: RunState.Tuning? = nil
  ) throws(DeviceError) -> (device: Device, traits: KernelTraits)? {
    for candidate in try selection.candidates() {
      switch try traits(of: candidate, operands: operands, recorded: recorded) {
      case .success(let traits): return (candidate, traits)
      case .failure(let refusal):
        guard selection == .auto else { throw refusal.error }
        Console.note("skipped: \(refusal)")
      }
    }
    return nil
  }

  /// How a device is to compute, where it has passed the checks of that.
  private static func traits(
    of device: Device, operands: OperandType, recorded: RunState.Tuning?
  ) throws(DeviceError) -> Result<KernelTraits, DeviceTrust.Refusal> {
    let tuned = recorded?.products(on: device) ?? tunedProducts(device)[operands] ?? [:]
    // Before anything runs there in this process: making traits may run a kernel too.
    let check = FirstCheck(tuned: operands == .float32 ? tuned : [:])
    if let refusal = try DeviceTrust.refusal(check, of: device) { return .failure(refusal) }
    var traits = KernelTraits.probed(device)
    (traits.operands, traits.tunedProducts) = (operands, tuned)
    if operands == .bfloat16 {
      traits.bf16Method = .fastest(of: bf16Methods(device), on: device)
      let check = FirstCheck(bf16: traits.bf16Method, tuned: tuned)
      if let refusal = try DeviceTrust.refusal(check, of: device) { return .failure(refusal) }
    }
    return .success(traits)
  }

  /// Throws for an unknown kernel name, and suggests the nearest.
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
    ChildProcess.ownExecutable.map { BF16Probe.methods(on: device, executable: $0, command: ProbeCommand.name) } ?? [
      .rounding
    ]
  }
}
