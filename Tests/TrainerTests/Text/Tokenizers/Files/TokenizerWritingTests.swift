import Foundation
import Testing

import Trainer

@Suite struct TokenizerWritingTests {
  private static let text = "ab  é🦙 12\n<s>ab</s><|end|> hello, don't"

  private static func rewritten(_ tokenizer: any Tokenizer) throws -> SubwordTokenizer {
    try TokenizerFixture.withFolder([:]) { folder in
      try writeTokenizer(tokenizer, to: folder)
      return try loadTokenizer(folder: folder)
    }
  }

  @Test func foldersAreCopiedByteByByte() throws {
    let files = [
      "tokenizer.json": TokenizerFixture.byteLevel() + "  \n", "chat_template.jinja": "{{ x }}\r\n",
      "tokenizer_config.json": "{ \"tokenizer_class\":\"Y\", \"unknown key\": 1 }", "config.json": "{}",
    ]
    let tokenizer = try TokenizerFixture.load(files)
    try TokenizerFixture.withFolder([:]) { folder in
      try writeTokenizer(tokenizer, to: folder)
      for (name, content) in files where name != "config.json" {
        #expect(try Data(contentsOf: folder.appending(path: name)) == Data(content.utf8))
      }
      // The model's own configuration is not the tokenizer's to write.
      #expect(!TokenizerFolder.exists(folder.appending(path: "config.json")))
    }
  }

  @Test func aLoneVocabularyGetsItsClassNamed() throws {
    let tokenizer = try TokenizerFixture.load(TokenizerFixture.byteLevel())
    try TokenizerFixture.withFolder([:]) { folder in
      try writeTokenizer(tokenizer, to: folder)
      let data = try Data(contentsOf: folder.appending(path: "tokenizer_config.json"))
      let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
      #expect(object?["tokenizer_class"] as? String == "PreTrainedTokenizerFast")
    }
  }

  @Test func scoredVocabulariesKeepIDsAndRoles() throws {
    for (addBOS, addSpace) in [(nil, nil), (false, true), (true, false)] as [(Bool?, Bool?)] {
      var description = TokenizerFixture.scored
      description.addBOS = addBOS
      description.addEOS = addBOS
      description.addSpacePrefix = addSpace
      description.chatTemplate = "{% if a %}\"b\"\n{% endif %}"
      let tokenizer = try loadTokenizer(description: description)
      let again = try Self.rewritten(tokenizer)
      #expect(again.encode(Self.text) == tokenizer.encode(Self.text))
      #expect(again.special == tokenizer.special)
      #expect(again.chatTemplate == tokenizer.chatTemplate)
      let ids = tokenizer.encode(Self.text)
      #expect(again.decode(ids, skipSpecial: false) == tokenizer.decode(ids, skipSpecial: false))
    }
  }

  @Test func bytesKeepTheirIDs() throws {
    let tokenizer = try ByteTokenizer(vocabularySize: 300)
    let again = try Self.rewritten(tokenizer)
    #expect(again.encode(Self.text) == tokenizer.encode(Self.text))
    #expect(again.special == tokenizer.special)
  }

  @Test func everyStepIsWrittenAsItIsRead() throws {
    let steps: [PreTokenizer] = [
      .digits(individually: true), .llama3Words(digits: 3), .llama3Words(digits: 1), .llama3Words(digits: .max),
      .gpt2Words, .byteLevel(addsPrefixSpace: true, splitsWords: true),
    ]
    var model = try TokenizerFixture.load(TokenizerFixture.byteLevel()).model
    model.normalizers = [.form(.canonicalComposition), .replace("x", with: "y")]
    model.preTokenizers = steps
    let tokenizer = SubwordTokenizer(model, special: SpecialTokens(), chatTemplate: nil, source: .model)
    let again = try Self.rewritten(tokenizer)
    #expect(again.model.preTokenizers == steps)
    #expect(again.model.normalizers == model.normalizers)
    #expect(again.model.merges == model.merges)
  }

  @Test func namesTheFileThatCannotBeWritten() throws {
    let tokenizer = try ByteTokenizer(vocabularySize: 259)
    #expect {
      try writeTokenizer(tokenizer, to: URL(fileURLWithPath: "/proc/none"))
    } throws: {
      "\($0)".contains("/proc/none")
    }
  }
}
