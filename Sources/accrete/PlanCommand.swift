import ArgumentParser
import Foundation
import GPUTensor
import Kernels
import Trainer

/// Plans memory and time of a run, without allocating anything.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Say what memory and time a run would take, without running it.",
    discussion:
      "One of --preset, --model and --recipe names what is trained; the arguments are keys of a recipe, as in "
      + "per_device_train_batch_size=8 method.type=lora.")

  @Option(help: "A shape by name: \(LlamaConfiguration.presetNames.joined(separator: ", ")).")
  var preset: String?

  @Option(help: "A Hugging Face folder, a .gguf file, or ORG/NAME of the hub.")
  var model: String?

  @Option(help: "A recipe, whose base and settings are planned for; of its rounds the one that takes most.")
  var recipe: String?

  @Argument(help: ArgumentHelp("Keys of a recipe laid over the defaults, or over --recipe.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "The memory to fit, such as 24GiB; the device's own where not given.")
  var memory: String?

  @Option(help: "The rate to reckon with, in GFLOP/s.")
  var gflops: Double?

  @Option(help: "A run of accrete bench saved with --json: its products' median rate is reckoned with.")
  var bench: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard [preset, model, recipe].compactMap({ $0 }).count == 1 else {
      throw ValidationError("name what is planned: one of --preset, --model and --recipe")
    }
    if gflops != nil && bench != nil { throw ValidationError("--gflops and --bench exclude each other") }
    if let gflops, !(gflops > 0) { throw ValidationError("--gflops is a rate above 0") }
    _ = try memory.map(ByteCount.init)
  }

  private struct Report: Encodable {
    struct Fits: Encodable {
      let memory: Int
      /// True where the settings, unchanged, fit.
      let fits: Bool
      let largestBatch: Int
      /// Single changes that would make the settings fit, smallest change first; empty where the settings fit.
      let changes: [String]
      let settings: [FittingSettings.Entry]
    }

    let parameters: Int
    let trainableParameters: Int
    let bytes: MemoryPlan.Bytes
    let largestAllocation: Int
    let flopsPerToken: Double
    let tokensPerStep: Int
    let secondsPerStep: Double?
    let fits: Fits
  }

  func run() throws {
    let recipe = try Recipe.forPlanning(
      preset: preset, model: try model.map { try HubCache().model($0) },
      recipe: recipe.map { URL(fileURLWithPath: $0) },
      overrides: overrides)
    let configuration = try recipe.baseConfiguration()
    let types = try recipe.baseTypes(of: configuration)
    let shape = RunShape(recipe, configuration, types: types)
    let chosen = try device.likelyDevice(recipe: recipe.device)
    let operands = recipe.precision.operands
    let tuned = chosen.map { DeviceOption.tunedProducts($0)[operands] ?? [:] } ?? [:]
    let target = MemoryPlan.Device(chosen, operands: operands, tuned: tuned)
    let memory =
      try memory.map { try ByteCount($0).bytes }
      ?? chosen?.memoryBytes(ofHost: MachineMemory.current.installedBytes) ?? MachineMemory.current.installedBytes
    let rate = try gflops ?? bench.map(Self.rate)
    let report: Report
    do throws(LoRASettings.Unsuitable) {
      report = try Self.report(shape, target: target, memory: memory, rate: rate)
    } catch {
      throw RoundError.unsuitable(key: "method." + error.key, problem: error.problem, remedy: error.remedy)
    }
    if json { return try Console.result(json: report) }
    if chosen == nil && !types.isEmpty {
      Console.note("planned for the CPU fallback, which keeps every weight in float32: an OpenCL device would not")
    }
    try Console.result(lines: Self.lines(of: report, settings: shape.largest))
  }

  private static func report(
    _ shape: RunShape, target: MemoryPlan.Device, memory: Int, rate: Double?
  ) throws(LoRASettings.Unsuitable) -> Report {
    let plan = try MemoryPlan(shape, device: target)
    let fitting = FittingSettings(shape, device: target)
    let fits = plan.bytes.total <= memory
    var lora = LoRASettings()
    if case .lora(let given, _) = shape.method { lora = given }
    let lengths = [512, 1024, 2048, 4096].filter { $0 <= shape.configuration.maxPositionEmbeddings }
    let tokens = shape.rowCapacity * shape.largest.gradientAccumulationSteps
    return Report(
      parameters: plan.parameters, trainableParameters: plan.trainableParameters, bytes: plan.bytes,
      largestAllocation: plan.largestAllocation, flopsPerToken: plan.flopsPerToken, tokensPerStep: tokens,
      secondsPerStep: rate.map { plan.flopsPerToken * Double(tokens) / ($0 * 1e9) },
      fits: Report.Fits(
        memory: memory, fits: fits,
        largestBatch: try fitting.largestBatch(memory: memory),
        changes: fits ? [] : try fitting.changes(memory: memory),
        settings: try fitting.entries(memory: memory, lora: lora, lengths: lengths)))
  }

  /// The median GFLOP/s of the products of a saved run.
  private static func rate(_ path: String) throws -> Double {
    let products = try BenchmarkRun.read(path).rows.filter { $0.kernel == MatmulBenchmark.operation.stem }
    let rates = products.compactMap(\.gflops).sorted()
    guard !rates.isEmpty else {
      throw Failure.BadInput(description: "\(path) holds no product: save one with accrete bench matmul --json")
    }
    return rates[rates.count / 2]
  }

  private static func lines(of report: Report, settings: TrainingSettings) -> [String] {
    func gibibytes(_ bytes: Int) -> String { BenchPrinter.number(Double(bytes) / 1_073_741_824) + " GiB" }
    var sizes = TextTable(["", ""], texts: [0])
    for (name, bytes) in [
      ("weights", report.bytes.weights), ("gradients", report.bytes.gradients), ("optimizer", report.bytes.optimizer),
      ("activations", report.bytes.activations), ("total", report.bytes.total),
      ("largest allocation", report.largestAllocation),
    ] { sizes.add([name, gibibytes(bytes)]) }
    var table = TextTable(["method", "sequence_length", "one row", "largest batch"], texts: [0])
    for entry in report.fits.settings {
      let batch =
        entry.largestBatch == FittingSettings.mostRows ? "\(entry.largestBatch) or more" : "\(entry.largestBatch)"
      table.add([entry.method, "\(entry.sequenceLength)", gibibytes(entry.bytes), batch])
    }
    let time = report.secondsPerStep.map { ", \(BenchPrinter.number($0)) s a step" } ?? ""
    return [
      "\(report.parameters) parameters, \(report.trainableParameters) trained; a micro-batch is "
        + "\(settings.perDeviceTrainBatchSize) x \(settings.sequenceLength) tokens"
    ] + sizes.lines.dropFirst() + [
      "\(BenchPrinter.number(report.flopsPerToken / 1e9)) GFLOP a token, \(report.tokensPerStep) tokens a step\(time)",
      "",
      "in \(gibibytes(report.fits.memory)): "
        + (report.fits.fits ? "fits, up to a batch of \(report.fits.largestBatch)" : "does not fit"),
    ] + report.fits.changes.map { "  it would with \($0)" } + [""] + table.lines
  }
}

/// A number of bytes in the usual spellings: 24GiB, 8GB, 512MiB, 1000.
struct ByteCount {
  let bytes: Int

  init(_ text: String) throws {
    let units = ["GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "GB": 1_000_000_000, "MB": 1_000_000, "B": 1, "": 1]
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).trimmingCharacters(in: .whitespaces)
    guard let value = Double(number), let factor = units.first(where: { $0.key.lowercased() == unit.lowercased() }),
      value > 0, value * Double(factor.value) < 1e18
    else { throw ValidationError("--memory: '\(text)' is no size such as 24GiB or 8GB") }
    bytes = Int(value * Double(factor.value))
  }
}
