import ArgumentParser

/// The command line: each command a thin veneer over `Trainer`.
@main
struct Accrete: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accrete",
    abstract: "Grow a language model in compounding rounds, on any OpenCL device.",
    version: "0.1.0",
    subcommands: [
      TrainCommand.self, GenerateCommand.self, ScoreCommand.self, EvaluateCommand.self, TokenizeCommand.self,
      ChatCommand.self, ConvertCommand.self, InspectCommand.self, DataCommand.self, TokenizerCommand.self,
      ReportCommand.self, RoundsCommand.self, DevicesCommand.self, DoctorCommand.self, BenchCommand.self,
      TuneCommand.self, PlanCommand.self, ProbeCommand.self, TuneTrialCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if let code = Failure.exitCode(of: error) {
        Console.note("error: " + Failure.text(of: error))
        exit(withError: ExitCode(code))
      }
      if exitCode(for: error) == .validationFailure {
        Console.note("error: " + usageLine(error))
        exit(withError: ExitCode(64))
      }
      exit(withError: error)
    }
  }

  /// What is wrong with a command line, in one line, and where to read how it is meant.
  private static func usageLine(_ error: any Error) -> String {
    let problem = message(for: error).split(whereSeparator: \.isNewline).first ?? "the command line is wrong"
    let advice = fullMessage(for: error).split(separator: "'").last { $0.hasSuffix("--help") } ?? "accrete --help"
    return "\(problem); see \(advice)"
  }
}
