import Foundation
import TestSupport

import Trainer

/// Tests/Goldens/templates/expected.json, which generate.py beside it writes with Python's jinja2.
struct TemplateGolden: Decodable {
  struct Rendering: Decodable {
    let template: String
    let conversation: String
    let prompt: Bool
    /// nil: jinja2 raised an error.
    let text: String?
  }

  struct Snippet: Decodable {
    let source: String
    let text: String?
  }

  let conversations: [String: [ChatMessage]]
  let templates: [Rendering]
  let snippets: [Snippet]
  let now: String

  static func load() throws -> TemplateGolden {
    try JSONDecoder().decode(
      TemplateGolden.self, from: Data(contentsOf: TestData.golden("templates/expected.json")))
  }

  static func source(_ name: String) throws -> String {
    try String(contentsOf: TestData.golden("templates/" + name), encoding: .utf8)
  }

  /// The moment that the goldens were rendered at.
  func date() throws -> Date { try Date(now, strategy: .iso8601) }
}
