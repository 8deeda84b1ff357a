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
      ConvertCommand.self, DevicesCommand.self, DoctorCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard let code = Failure.exitCode(of: error) else { exit(withError: error) }
      Console.note("error: \(error)")
      exit(withError: ExitCode(code))
    }
  }
}
