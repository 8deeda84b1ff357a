import ArgumentParser
import Glibc

/// The command line: a list of all commands, each a thin layer over `Trainer`.
@main
struct Accrete: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accrete",
    abstract: "Grow a language model in compounding rounds, on any OpenCL device.",
    version: "0.1.0",
    subcommands: [
      TrainCommand.self, GenerateCommand.self, ScoreCommand.self, EvaluateCommand.self, TokenizeCommand.self,
      ChatCommand.self, ConvertCommand.self, InspectCommand.self, DataCommand.self, TokenizerCommand.self,
      DownloadCommand.self, ReportCommand.self, RoundsCommand.self, KeysCommand.self, DevicesCommand.self,
      DoctorCommand.self,
      BenchCommand.self, TuneCommand.self, PlanCommand.self, ProbeCommand.self, TuneTrialCommand.self,
      FirstCheckCommand.self,
    ])

  static func main() {
    StandardStream.prepare()
    do {
      var command = try parseAsRoot(TextOptions.attached(Array(CommandLine.arguments.dropFirst())))
      try command.run()
      end(0)
    } catch {
      end(report(error))
    }
  }

  /// Flushes the output and ends the process at once, without exit handlers: neither a driver that crashes as it is
  /// unloaded nor a compiler that cannot warn on stderr may turn a good result into a bad exit code.
  private static func end(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }

  /// Prints the error that ended a command, or the help that was asked for. Returns the exit code.
  private static func report(_ error: any Error) -> Int32 {
    if let code = Failure.exitCode(of: error) {
      if let text = Failure.text(of: error) { Console.error(text) }
      return code
    }
    switch exitCode(for: error) {
    case .success:
      do throws(UnwritableStream) {
        try Console.result(text: fullMessage(for: error))
        return 0
      } catch {
        return report(error)
      }
    case .validationFailure:
      Console.error(usageLine(error))
      return 64
    case let code where error is ExitCode:
      return code.rawValue
    default:
      Console.error("\(error)")
      return 70
    }
  }

  /// The fault of a command line in one line, and the command that prints the help.
  private static func usageLine(_ error: any Error) -> String {
    let problem = message(for: error).split(whereSeparator: \.isNewline).first ?? "the command line is wrong"
    let advice = fullMessage(for: error).split(separator: "'").last { $0.hasSuffix("--help") } ?? "accrete --help"
    return "\(problem); see \(advice)"
  }
}
