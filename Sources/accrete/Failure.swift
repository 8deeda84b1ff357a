import Foundation
import Hub
import Kernels
import Trainer

/// Maps errors to exit codes and messages.
enum Failure {
  /// Bad data, or a recipe or option that does not fit the data: exit code 65.
  struct BadInput: Error, CustomStringConvertible {
    let description: String
  }

  /// A missing file or folder: exit code 66.
  struct NotFound: Error, CustomStringConvertible {
    let description: String
  }

  /// The exit code of one of our errors; nil for errors that the argument parser explains itself.
  static func exitCode(of error: any Error) -> Int32? {
    switch error {
    case let error as DeviceError: error.exitCode
    case let error as RoundError: error.exitCode
    case let error as RecipeError: error.exitCode
    case let error as DatasetError: error.exitCode
    case let error as FileError: error.exitCode
    case let error as HubError: error.exitCode
    case let error as TokenizerError: code(error)
    case is TemplateError, is BadInput: 65
    case is NotFound: 66
    case let error as UnwritableStream: error.isUnread ? 128 + SIGPIPE : 74
    case is CocoaError, is POSIXError: 74
    default: nil
    }
  }

  /// The message of an error in one line, nil where the reader of stdout went away. Foundation's own descriptions are
  /// replaced: they read like code.
  static func text(of error: any Error) -> String? {
    if let error = error as? UnwritableStream, error.isUnread { return nil }
    if let error = error as? DeviceError { return "\(error)" + advice(error.status) }
    guard error is CocoaError || error is POSIXError else { return "\(error)" }
    let path = ((error as? CocoaError)?.filePath).map { $0 + ": " } ?? ""
    return "\(path)\(error.systemReason); check the path, its permissions and the room on the disk"
  }

  /// Advice for a driver's status: the command, option or key that helps.
  private static func advice(_ status: Int32) -> String {
    switch status {
    case -1, -2: "; see `accrete devices` for what is there, and choose with --device"
    case -4, -5, -6, -61: "; training takes less with a lower per_device_train_batch_size or sequence_length"
    case -11, -12, -15: "; `accrete doctor` checks every kernel"
    case -1001: "; or use --device cpu"
    default: ""
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
