/// The form in which rows of a prompt and a completion are written.
package enum CompletionForm: String, Sendable, Encodable {
  /// As a user's and an assistant's turn, by the model's chat template.
  case chat
  /// As they stand, the completion right after its prompt.
  case raw
}
