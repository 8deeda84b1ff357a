import ArgumentParser
import Foundation
import GPUTensor
import Kernels
import Trainer

/// `--device`, an option of every command that may use one.
struct DeviceOption: ParsableArguments {
  @Option(
    name: .customLong("device"),
    help: "auto, cpu (the fallback without OpenCL), an index of `accrete devices`, or a part of a name.")
  var device: String?

  /// Opens the executor that the option chooses, or else the recipe, `ACCRETE_DEVICE` or auto, and prints the choice.
  ///
  /// - Parameters:
  ///   - operands: the type that operands of matrix products are rounded to.
  ///   - recorded: the tuning that a checkpoint records; used where it is of the same device.
  /// - Throws: `DeviceError`, of kind `noSuchDevice` where a device that was asked for is missing or failed its check.
  func makeExecutor(
    recipe: String? = nil, operands: OperandType = .float32, profiling: Bool = false, recorded: RunState.Tuning? = nil
  ) throws(DeviceError) -> any Executor {
    let selection = DeviceSelection.resolve(device, else: recipe)
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

  /// The command's present executor, held until another is opened: results are printed before a driver releases
  /// anything.
  nonisolated(unsafe) private static var opened: (any Executor)?

  /// The device that the option or `ACCRETE_DEVICE` chooses, once it has passed its check; nil for the CPU fallback.
  func checkedDevice() throws(DeviceError) -> Device? {
    try Self.trusted(DeviceSelection.resolve(device))?.device
  }

  /// The device that `checkedDevice` would most likely choose, from kept checks alone: nothing is computed, and an
  /// unchecked device counts as good.
  func likelyDevice(recipe: String? = nil) throws(DeviceError) -> Device? {
    let selection = DeviceSelection.resolve(device, else: recipe)
    let candidates = try selection.candidates()
    return selection == .auto ? candidates.first { DeviceTrust.knownRefusal(of: $0) == nil } : candidates.first
  }

  /// The first device of a choice that passes its check, and its kernel traits; nil for the CPU fallback. Under auto
  /// each device that fails is named in one line.
  ///
  /// - Throws: `DeviceError` of kind `noSuchDevice` where the device was asked for.
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

  /// The kernel traits of a device, once it has passed the check of these traits; else its refusal.
  private static func traits(
    of device: Device, operands: OperandType, recorded: RunState.Tuning?
  ) throws(DeviceError) -> Result<KernelTraits, DeviceTrust.Refusal> {
    let tuned = recorded?.products(on: device) ?? tunedProducts(device)[operands] ?? [:]
    // The check comes before anything runs there in this process: probing traits may run a kernel too.
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

  /// Throws `ValidationError` for an unknown kernel name, and suggests the nearest.
  static func checkNames(_ kernels: [String], among names: [String]) throws {
    for kernel in kernels where !names.contains(kernel) {
      let nearest = EditDistance.nearest(to: kernel, among: names) ?? names[0]
      throw ValidationError("there is no kernel '\(kernel)': the nearest is '\(nearest)'")
    }
  }

  /// The products that `accrete tune` found on a device, by precision; an unusable file is reported in one line and
  /// ignored.
  static func tunedProducts(_ device: Device) -> TunedProducts {
    switch TuningFile.load(for: device) {
    case .success(let file):
      return file?.products.mapValues { $0.mapValues(\.parameters) } ?? [:]
    case .failure(let unusable):
      Console.note("\(unusable)")
      return [:]
    }
  }

  /// The ways in which a device can multiply bf16, fastest last; child processes try them.
  static func bf16Methods(_ device: Device) -> [BF16Method] {
    ChildProcess.ownExecutable.map { BF16Probe.methods(on: device, executable: $0, command: ProbeCommand.name) } ?? [
      .rounding
    ]
  }
}
