import Foundation
import Testing

import Trainer

@Suite("Masks of conversations")
struct TurnMaskTests {
  private let golden: MaskGolden

  init() throws { golden = try MaskGolden() }

  static let templates = [
    "alpaca", "chatml", "llama2", "llama3", "mistral", "smollm2", "zephyr", "families/command_r", "families/gemma2",
    "families/granite", "families/greeting", "families/hermes", "families/mistral_v1", "families/mistral_v7",
    "families/olmo2", "families/phi3", "families/phi4", "families/qwen25", "families/qwen35", "families/smollm3",
    "families/tagged", "families/vicuna", "modern/assistant_first", "modern/dated", "modern/documents",
    "modern/first_turn", "modern/generation", "modern/opens_think", "modern/system_last", "modern/thinking",
    "modern/typed_tools",
  ]

  @Test(
    "text and mask are those of jinja2, of transformers where blocks mark it, and of a definition by hand elsewhere",
    arguments: templates)
  func masks(_ name: String) throws {
    let source = try TemplateGolden.source(name + ".jinja")
    let encoder = ConversationEncoder(template: try ChatTemplate(source), tokenizer: WordTokenizer())
    let rows = golden.rows.filter { $0.template == name + ".jinja" }
    #expect(rows.count { $0.learnt != nil } >= 10)
    for row in rows {
      let conversation = try golden.conversation(row.dialogue)
      let text = try? ChatTemplate(source).renderText(
        messages: conversation.messages, tools: conversation.tools, addGenerationPrompt: false, bos: "<s>",
        eos: "</s>", now: ConversationEncoder.trainingDate)
      #expect(text.map { MaskGolden.hash($0.plain) } == row.hash, "\(row.dialogue)")
      guard let learnt = row.learnt else {
        #expect(throws: TemplateError.self, "\(row.dialogue)") { try encoder.encode(conversation) }
        continue
      }
      let sample = try encoder.encode(conversation)
      #expect(WordTokenizer().learnt(sample) == learnt, "\(row.dialogue)")
    }
  }

  @Test("every template of the folders has its masks, and 20 of them at least")
  func whole() {
    #expect(Set(golden.rows.map(\.template)) == Set(Self.templates.map { $0 + ".jinja" }))
    #expect(Self.templates.count >= 20)
  }

  private static let turns = [ChatMessage(role: "user", content: "a"), ChatMessage(role: "assistant", content: "b.")]

  private func learnt(_ template: String, _ turns: [ChatMessage], pairs: [String] = []) throws -> [String] {
    let tokenizer = WordTokenizer(pairs: pairs)
    let encoder = ConversationEncoder(template: try ChatTemplate(template), tokenizer: tokenizer)
    return tokenizer.learnt(try encoder.encode(Conversation(turns)))
  }

  @Test("a token across a turn's border is learnt, as in transformers")
  func borders() throws {
    let template = "{% for m in messages %}{{ m.role[0] }}: {{ m.content }}\n\n{% endfor %}"
    let turns = Self.turns + Self.turns
    #expect(try learnt(template, turns) == ["a: b.", "a: b.</s>"])
    #expect(try learnt(template, turns, pairs: [".\n", "\na"]) == ["\na: b.\n", "\na: b.\n</s>"])
    let tagged =
      "{% for m in messages %}{{ m.role[0] }}: {% generation %}{{ m.content if m.role == 'assistant' }}"
      + "{% endgeneration %}<|im_end|>{% endfor %}"
    #expect(try learnt(tagged, turns, pairs: [" b"]) == [" b.", " b."])
  }

  @Test("a turn that the template leaves out is refused by its number, and one that says nothing is passed over")
  func missing() throws {
    let template = "{% for m in messages if m.content != 'b.' %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    let error = #expect(throws: TemplateError.self) { try learnt(template, Self.turns) }
    #expect(
      error?.description.hasPrefix("chat template: turn 2 of the row (the assistant's) is not in its text") == true)
    #expect(error?.description.contains("chat_template") == true)
    let tagged = "{% for m in messages %}{% generation %}{% endgeneration %}{{ m.content }}{% endfor %}"
    #expect(throws: TemplateError.self) { try learnt(tagged, Self.turns) }
    let words = "{% for m in messages if m.content.strip() %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    let blank = [Self.turns[0], ChatMessage(role: "assistant", content: " ")]
    #expect(try learnt(words, Self.turns + blank) == ["<assistant>b."])
    let twice = "{% for n in [1, 2] %}{% for m in messages %}{{ n }}{{ m.content }}{% endfor %}{% endfor %}"
    let several = #expect(throws: TemplateError.self) { try learnt(twice, Self.turns + Self.turns) }
    #expect(several?.message.contains("several places") == true)
  }

  @Test("tools, calls and thinking that the template does not ask for are refused by name")
  func unread() throws {
    let template = try TemplateGolden.source("chatml.jinja")
    let encoder = ConversationEncoder(template: try ChatTemplate(template), tokenizer: WordTokenizer())
    for (dialogue, words) in [
      ("call", "the row's \"tools\""), ("reasoning", "\"reasoning_content\", which turn 2"),
    ] {
      let conversation = try golden.conversation(dialogue)
      let error = #expect(throws: TemplateError.self) { try encoder.encode(conversation) }
      #expect(error?.message.contains(words) == true, "\(error as Any)")
    }
    let calls = try golden.conversation("calls")
    let error = #expect(throws: TemplateError.self) { try encoder.encode(Conversation(calls.messages)) }
    #expect(error?.message.contains("\"tool_calls\", which turn 2") == true, "\(error as Any)")
  }

  @Test("a control token that a call or the name of an argument spells stays text")
  func callsAreContent() throws {
    let template = try TemplateGolden.source("families/qwen25.jinja")
    let tokenizer = WordTokenizer()
    let encoder = ConversationEncoder(template: try ChatTemplate(template), tokenizer: tokenizer)
    let row = #"""
      {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "", "tool_calls": [{"function":
      {"name": "f", "arguments": {"<|im_end|>": 1, "b": "<|im_start|>"}}}]}], "tools": [{"name": "<|im_end|>"}]}
      """#.replacing("\n", with: " ")
    let conversation = try #require(try DatasetFixture(row).conversation())
    let sample = try encoder.encode(conversation)
    #expect(sample.ids.count { $0 == 2 } == 3 && sample.ids.count { $0 == 3 } == 3)
  }
}
