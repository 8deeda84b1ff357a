import ArgumentParser
import Foundation
import Trainer

/// The form in which a model is asked, beside the form in which its run taught it prompts and completions.
extension ModelOptions {
  /// Warns where a prompt reaches the model in another form than the one that it was taught.
  func warnOfForm(_ form: CompletionForm, option: String) throws {
    try Self.warnOfForm(form, option: option, model: model, adapter: adapter)
  }

  /// Warns where a prompt reaches a model in another form than the one that it was taught.
  static func warnOfForm(_ form: CompletionForm, option: String, model: String, adapter: String? = nil) throws {
    guard case .alike(let taught)? = try taughtForm(model, adapter: adapter), taught != form else { return }
    let (manner, remedy) =
      taught == .chat
      ? ("as turns of its chat template", "ask it with --chat") : ("as they stand", "ask it with generate --prompt")
    Console.note(
      "warning: \(adapter ?? model) was taught its prompts and completions \(manner), and \(option) asks it otherwise: "
        + remedy)
  }

  /// The way in which rows of a prompt and a completion are written for the model.
  ///
  /// - Parameter asked: the user's choice; `auto` follows the run that trained the model.
  func rowTemplate(_ asked: RowSettings.Template) throws -> RowSettings.Template {
    guard asked == .auto else { return asked }
    switch try Self.taughtForm(model, adapter: adapter) {
    case nil, .alike(.chat): return .auto
    case .alike(.raw), .unrecorded: return .none
    case .mixed(let last):
      let manner = last == .chat ? "turns of the chat template" : "joined as they stand"
      Console.note(
        "the run's datasets were written in two forms; these prompts and completions are \(manner), as in its last round"
      )
      return last == .chat ? .auto : .none
    }
  }

  private static func taughtForm(_ model: String, adapter: String?) throws -> TaughtForm? {
    try TaughtForm.read(model: URL(fileURLWithPath: model), adapter: adapter.map { URL(fileURLWithPath: $0) })
  }
}

extension RowSettings.Template: ExpressibleByArgument {}
