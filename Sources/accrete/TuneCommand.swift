import ArgumentParser
import Foundation
import GPUTensor
import Kernels
import Trainer

/// Searches for the fastest family and sizes of matrix products. The only command whose measurements change how others
/// compute.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Find the fastest way to multiply matrices on your device, and keep it.",
    discussion: """
      Each candidate runs in a process of its own, is checked, and is timed in turn with the default. What is found is \
      kept with device, driver and kernels, in ACCRETE_TUNING or the user's data folder; the other commands obey it.
      """)

  @Option(help: "How long to search, in seconds.")
  var seconds = 300.0

  @Option(help: "What the products multiply: fp32 or bf16, as a recipe's precision.")
  var precision = Precision.fp32

  @Option(
    help: ArgumentHelp(
      "Products to search for in place of SmolLM2-135M's: the last of each order (nt, nn, tn) and width (up to 256 "
        + "columns, or more) stands for all such.", valueName: "MxNxK:nt,…"))
  var shapes: String?

  @Flag(help: "Print one JSON object: the file that was written.")
  var json = false

  @OptionGroup var device: DeviceOption

  /// Seconds of silence after which a candidate is given up: compiling, checking and timing count.
  private static let patience = 60.0
  /// Seconds of timing: in a trial, and in the last trial, of the candidate that is to replace the default.
  private static let (trialSeconds, lastSeconds) = (0.4, 2.0)

  func validate() throws {
    guard seconds > 0, seconds.isFinite else { throw ValidationError("--seconds is a time above 0") }
    for shape in try shapes.map(MatmulShape.list) ?? [] where shape.product == nil {
      throw ValidationError("--shapes: \(shape.name) transposes both operands, which no layer does: name nt, nn or tn")
    }
  }

  func run() throws {
    guard let chosen = try device.checkedDevice() else {
      throw DeviceError(
        kind: .noSuchDevice, call: "tune", detail: "there is no OpenCL device to tune for",
        remedy: "install an OpenCL driver (on Debian: pocl-opencl-icd)")
    }
    guard let url = TuningFile.url(for: chosen) else {
      throw Failure.NotFound(description: "there is no folder to keep the result in: set ACCRETE_TUNING to one")
    }
    Console.note("device: \(chosen.name) (\(chosen.platform), driver \(chosen.driverVersion))")
    var file = try TuningFile(for: chosen)
    switch TuningFile.load(for: chosen) {
    case .success(let kept): if let kept { (file.products, file.failures) = (kept.products, kept.failures) }
    case .failure(let unusable): Console.note("\(unusable.path) is replaced: \(unusable.why)")
    }
    try search(chosen, &file, keptAt: url)
    if json { return try Console.result(json: file) }
    try Console.result(lines: Self.table(of: file))
    try Console.result("kept in \(url.path)")
  }

  // MARK: - The search

  /// Searches class by class, and writes the file after each.
  private func search(_ device: Device, _ file: inout TuningFile, keptAt url: URL) throws {
    let operands = precision.operands
    var traits = KernelTraits.probed(device)
    traits.operands = operands
    if operands == .bfloat16 { traits.bf16Method = .fastest(of: DeviceOption.bf16Methods(device), on: device) }
    var wanted: [MatmulClass: MatmulShape] = [:]
    for shape in try shapes.map(MatmulShape.list) ?? MatmulShape.tuned {
      if let product = shape.product { wanted[product] = shape }
    }
    let classes = MatmulClass.allCases.filter { wanted[$0] != nil }
    let end = ContinuousClock.now + .seconds(seconds)
    for (index, product) in classes.enumerated() {
      guard let shape = wanted[product] else { continue }
      // Time that a class leaves over goes to the next ones.
      let share = (end - ContinuousClock.now) / Double(classes.count - index)
      let deadline = ContinuousClock.now + share
      let tuner = MatmulTuner(
        device: device, traits: traits, shape: shape,
        trial: { parameters, isLast in
          let trial = MatmulTrial(
            device: device.index, operands: operands, bf16Method: traits.bf16Method, shape: shape,
            parameters: parameters,
            seconds: isLast ? Self.lastSeconds : Self.trialSeconds)
          let outcome = Self.outcome(of: trial)
          Console.note("\(shape.name)  \(parameters): \(Self.text(outcome))")
          return outcome
        }, isOver: { ContinuousClock.now > deadline })
      let failed = file.failures.filter { $0.precision == operands && $0.product == product }
      let finding = tuner.search(
        from: file.products[operands]?[product]?.parameters, avoiding: Set(failed.map(\.parameters)))
      if finding.untried > 0 {
        Console.note("\(shape.name)  \(finding.untried) candidates were not tried: give --seconds more than \(seconds)")
      }
      file.products[operands, default: [:]][product] = finding.best.map { best in
        TuningFile.Product(
          parameters: best.parameters, shape: shape.name, milliseconds: best.result.milliseconds,
          gain: best.result.gain)
      }
      file.failures += finding.failures.map { failure in
        TuningFile.Failure(
          precision: operands, product: product, parameters: failure.parameters, reason: failure.reason)
      }
      file.date = Date.now.formatted(.iso8601)
      try file.write(to: url)
    }
  }

  /// Runs a trial in a child process.
  private static func outcome(of trial: MatmulTrial) -> MatmulTuner.Outcome {
    guard let executable = ChildProcess.ownExecutable, let request = try? JSONEncoder().encode(trial) else {
      return .failed("no program to run it in")
    }
    let arguments = [MatmulTrial.command, String(decoding: request, as: UTF8.self)]
    switch ChildProcess.run(arguments, executable: executable, seconds: patience) {
    case .exited(0, let output):
      guard let result = try? JSONDecoder().decode(MatmulTrial.Result.self, from: output) else {
        return .failed("it ended without a time")
      }
      return .measured(result)
    case .exited(_, let output):
      let reason = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline).first
      return .failed(reason.map(String.init) ?? "it ended without a word")
    case .crashed(let signal, _): return .failed("it crashed (signal \(signal))")
    case .timedOut: return .failed("it took over \(Int(patience)) s")
    case .failed(let reason): return .failed(reason)
    }
  }

  // MARK: - Printing

  private static func text(_ outcome: MatmulTuner.Outcome) -> String {
    switch outcome {
    case .measured(let result):
      "\(BenchPrinter.number(result.milliseconds)) ms, \(BenchPrinter.number(result.gain)) times as fast as the default"
    case .failed(let reason): "skipped: \(reason)"
    }
  }

  private static func table(of file: TuningFile) -> [String] {
    var table = TextTable(
      ["precision", "product", "shape", "computed by", "ms", "times as fast"], texts: [0, 1, 2, 3])
    for operands in OperandType.allCases {
      for product in MatmulClass.allCases {
        guard let found = file.products[operands]?[product] else { continue }
        table.add([
          operands == .float32 ? "fp32" : "bf16", product.rawValue, found.shape, "\(found.parameters)",
          BenchPrinter.number(found.milliseconds), BenchPrinter.number(found.gain),
        ])
      }
    }
    return table.lines.count > 1 ? table.lines : ["nothing is clearly faster than the defaults"]
  }
}

/// One trial of the tuner, which may hang or crash: `accrete tune` runs it in a child, and reads its output.
struct TuneTrialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: MatmulTrial.command, abstract: "Check and time one candidate of accrete tune.", shouldDisplay: false)

  @Argument(help: "The trial, as JSON.")
  var trial: String

  func run() throws {
    do {
      let trial = try JSONDecoder().decode(MatmulTrial.self, from: Data(trial.utf8))
      let devices = try Device.all()
      guard devices.indices.contains(trial.device) else { throw MatmulTrial.Wrong(description: "no such device") }
      let result = try trial.run(on: devices[trial.device])
      try Console.result(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
    } catch {
      try Console.result("\(error)")
      throw ExitCode(1)
    }
  }
}

extension Precision: ExpressibleByArgument {}
