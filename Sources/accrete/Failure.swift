import Foundation
import Kernels
import Trainer

/// Exit codes of the errors that cross into the command line (design.md §5).
enum Failure {
  /// Bad data, or a recipe or option that the data does not bear: exit code 65.
  struct BadInput: Error, CustomStringConvertible {
    let description: String
  }

  /// The code of an error of ours; nil for those that the argument parser explains itself.
  static func exitCode(of error: any Error) -> Int32? {
    switch error {
    case let error as OpenCLError: error.exitCode
    case let error as RoundError: error.exitCode
    case let error as RecipeError: error.exitCode
    case let error as DatasetError: error.exitCode
    case let error as CheckpointError: code(error.kind)
    case let error as TokenizerError: code(error)
    case is TemplateError, is BadInput: 65
    default: nil
    }
  }

  private static func code(_ kind: CheckpointError.Kind) -> Int32 {
    switch kind {
    case .notFound: 66
    case .invalid, .unsupported: 65
    case .inputOutput: 74
    }
  }

  private static func code(_ error: TokenizerError) -> Int32 {
    switch error {
    case .notFound: 66
    case .malformed, .unsupported: 65
    case .unreadable, .unwritable: 74
    }
  }
}
