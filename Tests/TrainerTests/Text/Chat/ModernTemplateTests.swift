import Foundation
import Testing

import Trainer

@Suite("Chat templates of today")
struct ModernTemplateTests {
  @Test(
    "text and generation blocks are those of Python's jinja2",
    arguments: [
      "assistant_first", "dated", "documents", "first_turn", "generation", "opens_think", "schema", "system_last",
      "thinking", "typed_tools",
    ])
  func rendersAsJinja(_ name: String) throws {
    let golden = try ModernTemplateGolden()
    let now = try TemplateGolden.load().date()
    let template = try ChatTemplate(TemplateGolden.source("modern/" + name + ".jinja"))
    let renderings = golden.renderings.filter { $0.template == name + ".jinja" }
    #expect(renderings.count == 26)
    #expect(Set(renderings.filter { $0.text != nil }.map(\.dialogue)).count >= 10)
    for rendering in renderings {
      let text = try? template.renderText(variables: golden.variables(of: rendering), now: now)
      let bytes = Array((text?.plain ?? "").utf8)
      let generated = text?.generated.map { String(decoding: bytes[$0], as: UTF8.self) } ?? []
      #expect(text?.plain == rendering.text, "\(rendering.dialogue), generation prompt: \(rendering.prompt)")
      #expect(generated == rendering.generated, "\(rendering.dialogue), generation prompt: \(rendering.prompt)")
    }
  }
}
