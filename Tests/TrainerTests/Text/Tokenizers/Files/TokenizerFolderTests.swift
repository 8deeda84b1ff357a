import Foundation
import Testing

import Trainer

@Suite struct TokenizerFolderTests {
  private static let bos = #",{"id":262,"content":"<|start|>","special":true}"#
  private static let template = """
    {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
    "single":[{"SpecialToken":{"id":"<|start|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],
    "special_tokens":{"<|start|>":{"id":"<|start|>","ids":[262],"tokens":["<|start|>"]}}}]}
    """

  private static func special(_ document: String, _ files: [String: String] = [:]) throws -> SpecialTokens {
    try TokenizerFixture.load(files.merging(["tokenizer.json": document]) { first, _ in first }).special
  }

  @Test func silentFilesAddNothingToBytes() throws {
    #expect(try Self.special(TokenizerFixture.byteLevel()) == SpecialTokens())
  }

  @Test func theTemplateAddsBOS() throws {
    let document = TokenizerFixture.byteLevel(added: Self.bos, postProcessor: Self.template)
    let special = try Self.special(document)
    #expect(special.bos == 262 && special.addsBOS && !special.addsEOS)
    let tokenizer = try TokenizerFixture.load(document)
    #expect(tokenizer.encode("hello") == [259])
    #expect(tokenizer.encodeWithSpecialTokens("hello") == [262, 259])
  }

  @Test func theSwitchWinsOverTheTemplate() throws {
    let document = TokenizerFixture.byteLevel(added: Self.bos, postProcessor: Self.template)
    let special = try Self.special(document, ["tokenizer_config.json": #"{"add_bos_token":false}"#])
    #expect(special.bos == 262 && !special.addsBOS)
  }

  @Test func rolesComeFromTheNearestFile() throws {
    let document = TokenizerFixture.byteLevel(added: Self.bos)
    let special = try Self.special(
      document,
      [
        "tokenizer_config.json": #"{"eos_token":{"content":"<|end|>"},"bos_token":null,"add_bos_token":true}"#,
        "special_tokens_map.json": #"{"bos_token":"<|start|>","pad_token":"<|end|>"}"#,
        "generation_config.json": #"{"eos_token_id":[262,261,999999]}"#,
        "config.json": #"{"eos_token_id":7,"bos_token_id":8}"#,
      ])
    #expect(special == SpecialTokens(bos: 262, eos: [261, 262], pad: 261, addsBOS: true))
  }

  @Test func theModelSpeaksWhereGenerationIsSilent() throws {
    let special = try Self.special(
      TokenizerFixture.byteLevel(), ["config.json": #"{"eos_token_id":261,"bos_token_id":5,"pad_token_id":null}"#])
    #expect(special == SpecialTokens(bos: 5, eos: [261]))
  }

  @Test func chatTemplates() throws {
    func template(_ files: [String: String]) throws -> String? {
      try TokenizerFixture.load(files.merging(["tokenizer.json": TokenizerFixture.byteLevel()]) { first, _ in first })
        .chatTemplate
    }
    let named = #"{"chat_template":[{"name":"tool","template":"T"},{"name":"default","template":"D"}]}"#
    #expect(try template([:]) == nil)
    #expect(try template(["tokenizer_config.json": #"{"chat_template":"A"}"#]) == "A")
    #expect(try template(["tokenizer_config.json": named]) == "D")
    #expect(try template(["tokenizer_config.json": named, "chat_template.jinja": "J"]) == "J")
  }

  @Test func saysWhatIsMissing() {
    #expect {
      try TokenizerFixture.load([:] as [String: String])
    } throws: {
      "\($0)".contains("tokenizer.json")
    }
    #expect(throws: TokenizerError.self) { try loadTokenizer(at: URL(fileURLWithPath: "/nonexistent/x")) }
    #expect(throws: TokenizerError.self) {
      try TokenizerFixture.load(["tokenizer.json": TokenizerFixture.byteLevel(), "config.json": "[]"])
    }
  }
}
