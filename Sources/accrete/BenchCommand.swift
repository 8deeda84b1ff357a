import ArgumentParser
import Foundation
import GPUTensor
import Kernels
import Trainer

/// The kernel microbenchmarks.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time each kernel on your device, or compare two saved runs.",
    subcommands: [BenchRunCommand.self, BenchCompareCommand.self], defaultSubcommand: BenchRunCommand.self)
}

/// Checks each kernel, then times it as a fraction of the device's measured peaks.
struct BenchRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Check each kernel against the CPU, then time it against the device's measured peaks."
  )

  @Argument(
    help: ArgumentHelp(
      "What to time: \(BenchmarkRegistry.names.joined(separator: ", ")); all where none is named.", valueName: "kernel")
  )
  var kernels: [String] = []

  @Option(
    help: ArgumentHelp(
      "Products to time in place of matmul's own: C[M,N] = A·B with K added up; NT, a linear layer's, unless the "
        + "transposes of A and B follow, as in 1024x1024x1024:nn.", valueName: "MxNxK,…"))
  var shapes: String?

  @Flag(help: "One small shape of each kernel: under half a minute.")
  var quick = false

  @Flag(help: "Print one JSON object, which `accrete bench compare` reads.")
  var json = false

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    if json && csv { throw ValidationError("--json and --csv exclude each other") }
    try DeviceOption.checkNames(kernels, among: BenchmarkRegistry.names)
    _ = try shapes.map(MatmulShape.list)
  }

  func run() throws {
    guard let chosen = try device.checkedDevice() else {
      throw DeviceError(
        kind: .noSuchDevice, call: "bench", detail: "there is no OpenCL device to time",
        remedy: "install an OpenCL driver (on Debian: pocl-opencl-icd)")
    }
    Console.note("device: \(chosen.name) (\(chosen.platform), driver \(chosen.driverVersion))")
    let sizes = quick ? BenchmarkSizes.quick : .full
    let runner = try BenchmarkRunner(
      device: chosen, sizes: sizes, bf16Methods: DeviceOption.bf16Methods(chosen),
      tuned: DeviceOption.tunedProducts(chosen))
    Console.note(
      "peaks: \(BenchPrinter.number(runner.peaks.gflops)) GFLOP/s fp32, "
        + "\(BenchPrinter.number(runner.peaks.gbps)) GB/s copied")
    let rows = try measure(chosen, runner, sizes)
    let run = BenchmarkRun(
      device: "\(chosen.name) (\(chosen.platform))", driver: chosen.driverVersion,
      date: Date.now.formatted(.iso8601), peaks: runner.peaks, rows: rows)
    if json {
      try Console.result(json: run)
    } else if csv {
      try Console.result(lines: BenchPrinter.csv(of: run))
    } else {
      try Console.result(lines: BenchPrinter.table(of: run))
    }
    if rows.contains(where: { $0.failure != nil }) { throw ExitCode(70) }
  }

  /// Measures all rows, and prints each on stderr as it is done.
  private func measure(
    _ device: Device, _ runner: BenchmarkRunner, _ sizes: BenchmarkSizes
  ) throws -> [BenchmarkRow] {
    let products = try shapes.map(MatmulShape.list)
    var rows: [BenchmarkRow] = []
    func add(_ found: [BenchmarkRow]) {
      for row in found { Console.note(BenchPrinter.line(of: row)) }
      rows += found
    }
    for operation in BenchmarkRegistry.all where isWanted(operation.stem) {
      let benchmarks = operation.stem == MatmulBenchmark.operation.stem ? products?.map { MatmulBenchmark.of($0) } : nil
      for benchmark in benchmarks ?? operation.benchmarks(sizes) { add(runner.rows(benchmark, of: operation)) }
    }
    if isWanted(DeviceCosts.name) { add(try DeviceCosts.measure(device, runs: quick ? 3 : 9)) }
    return rows
  }

  /// True where the arguments ask for this kernel: `--shapes` alone asks for matmul alone.
  private func isWanted(_ name: String) -> Bool {
    let namesNone = kernels.isEmpty && shapes == nil
    return kernels.contains(name) || namesNone || shapes != nil && name == MatmulBenchmark.operation.stem
  }
}

/// Compares two saved runs, row by row.
struct BenchCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare two runs saved with --json; fails where a kernel became slower.")

  @Argument(help: "The earlier run.")
  var before: String

  @Argument(help: "The later run.")
  var after: String

  @Option(help: "How much longer a kernel may take: 0.1 is a tenth.")
  var threshold = 0.1

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard threshold >= 0, threshold.isFinite else { throw ValidationError("--threshold is a share of at least 0") }
  }

  func run() throws {
    let (first, second) = (try BenchmarkRun.read(before), try BenchmarkRun.read(after))
    if first.device != second.device { Console.note("different devices: \(first.device); \(second.device)") }
    let comparison = BenchmarkComparison(before: first, after: second)
    guard !comparison.entries.isEmpty else {
      throw Failure.BadInput(
        description: "\(before) and \(after) have no row in common: compare runs of the same kernels")
    }
    try Console.result(lines: BenchPrinter.table(of: comparison, threshold: threshold))
    let slower = comparison.regressions(beyond: threshold)
    guard slower.isEmpty else {
      Console.note(
        "\(slower.count) of \(comparison.entries.count) rows take over \(BenchPrinter.number(threshold * 100)) % longer"
      )
      throw ExitCode(1)
    }
  }
}

extension BenchmarkRun {
  /// Reads a run that `--json` printed.
  ///
  /// - Throws: `Failure.NotFound` or `Failure.BadInput`.
  static func read(_ path: String) throws -> BenchmarkRun {
    guard let content = try InputFile.contentsIfPresent(path) else {
      throw Failure.NotFound(description: "\(path): no such file; save a run with accrete bench --json > FILE")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(BenchmarkRun.self, from: content)
    } catch is DecodingError {
      throw Failure.BadInput(
        description: "\(path) is no run of accrete bench: save one with accrete bench --json > FILE")
    }
  }
}

extension MatmulShape {
  /// Parses the products that `--shapes` names; throws `ValidationError`.
  static func list(_ text: String) throws -> [MatmulShape] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let shape = MatmulShape(String(text)) else {
        throw ValidationError("--shapes: '\(text)' is no shape MxNxK, such as 2048x576x1536 or 1024x1024x1024:nn")
      }
      return shape
    }
  }
}
