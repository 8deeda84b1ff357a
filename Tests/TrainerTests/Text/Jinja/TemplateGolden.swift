import Foundation
import TestSupport
import Testing

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

/// Tests/Goldens/templates/modern.json, which generate.py beside it writes with Python's jinja2: templates in the
/// manner of today's models, with tools, calls, thinking and documents.
struct ModernTemplateGolden {
  private let golden: JSONObject
  let renderings: [Rendering]

  struct Rendering {
    let template: String
    let dialogue: String
    let prompt: Bool
    /// nil: jinja2 raised an error.
    let text: String?
    /// Texts of the generation blocks.
    let generated: [String]
  }

  init() throws {
    golden = try JSONParser.object(path: TestData.golden("templates/modern.json").path)
    renderings = try #require(golden["renderings"]?.array).map { rendering in
      Rendering(
        template: try #require(rendering["template"]?.string), dialogue: try #require(rendering["dialogue"]?.string),
        prompt: rendering["prompt"]?.bool == true, text: rendering["text"]?.string,
        generated: try #require(rendering["generated"]?.array).compactMap(\.string))
    }
  }

  /// Variables of a rendering's template.
  func variables(of rendering: Rendering) throws -> JSONObject {
    var variables = try #require(golden["dialogues"]?[rendering.dialogue]?.object)
    let others: [(String, JSON)] = [
      ("tools", .null), ("documents", .null), ("bos_token", "<s>"), ("eos_token", "</s>"),
      ("add_generation_prompt", .bool(rendering.prompt)),
    ]
    // A dialogue's own tools and documents stand.
    for (name, value) in others { _ = variables.insert(value, for: name) }
    return variables
  }
}
