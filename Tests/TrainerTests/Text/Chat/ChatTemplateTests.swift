import Foundation
import Testing

import Trainer

@Suite("Chat templates")
struct ChatTemplateTests {
  @Test(
    "the templates render as Python's jinja2 renders them",
    arguments: ["llama2", "llama3", "smollm2", "chatml", "mistral", "zephyr", "alpaca"])
  func rendersAsJinja(_ name: String) throws {
    let golden = try TemplateGolden.load()
    let template = try ChatTemplate(TemplateGolden.source(name + ".jinja"))
    let renderings = golden.templates.filter { $0.template == name + ".jinja" }
    #expect(renderings.count == 2 * golden.conversations.count)
    #expect(Set(renderings.filter { $0.text != nil }.map(\.conversation)).count >= 10)
    for rendering in renderings {
      let messages = golden.conversations[rendering.conversation] ?? []
      let text = try? template.render(
        messages: messages, addGenerationPrompt: rendering.prompt, bos: "<s>", eos: "</s>", now: golden.date())
      #expect(text == rendering.text, "\(rendering.conversation), generation prompt: \(rendering.prompt)")
    }
  }

  @Test("each construct of the language gives what Python's jinja2 gives")
  func snippets() throws {
    let golden = try TemplateGolden.load()
    // The goldens' variables; the newline after a tag is dropped, so that the snippet still begins a line.
    let variables = """
      {% set x = 1 %}{% set items = [1, 2, 3] %}\
      {% set people = [{'name': 'Al', 'age': 3}, {'name': 'Bo', 'age': 0}] %}\n
      """
    for snippet in golden.snippets {
      do {
        let text = try ChatTemplate(variables + snippet.source).render(
          messages: [], addGenerationPrompt: false, bos: "", eos: "", now: golden.date())
        #expect(text == snippet.text, "\(snippet.source)")
      } catch {
        #expect(snippet.text == nil, "\(snippet.source): \(error)")
      }
    }
  }

  @Test(
    "what is not supported is named with its line",
    arguments: [
      ("a\n{% include 'x' %}", 2, "include"), ("{{ 'a' | wordwrap }}", 1, "wordwrap"),
      ("\n\n{{ 1 is filter }}", 3, "filter"), ("{{ 'a'.casefold() }}", 1, "casefold"), ("{% block b %}", 1, "block"),
      ("{{ lipsum() }}", 1, "lipsum"), ("{{ f(*x) }}", 1, "unpacking"), ("x\n{{ strftime_now('%q') }}", 2, "%q"),
      ("{% do x %}", 1, "do"), ("{% extends 'x' %}", 1, "extends"), ("\n{{ 'a' | urlize }}", 2, "urlize"),
      ("{{ [1] | random }}", 1, "random"), ("\n{{ [1].append(2) }}", 2, "append"), ("{{ {}.update({}) }}", 1, "update"),
      ("{{ 'a' | upper(1) }}", 1, "upper"), ("{{ 'a' | trim(nosuch=1) }}", 1, "nosuch"),
      ("{{ x.nosuch() }}", 1, "nosuch"),
      ("\n{% macro m() %}{% endmacro %}{{ m(a=1) }}", 2, "'a'"), ("{% break %}", 1, "outside of a loop"),
      ("{{ 1 is sameas 2 }}", 1, "sameas"), ("{{ 'a' | safe % 1 }}", 1, "safe"),
      ("{{ '{:06,}'.format(1) }}", 1, "zeros"),
      ("{{ {1: 2} }}", 1, "key"), ("{% trans %}", 1, "trans"), ("{% autoescape true %}", 1, "autoescape"),
      ("{{ cycler(1) }}", 1, "cycler"), ("{{ 1e20 | int }}", 1, "64 bits"), ("{{ ('9' * 30) | int }}", 1, "64 bits"),
      ("{{ 'a' | attr('b') }}", 1, "attr"), ("{{ 'a' is escaped }}", 1, "escaped"),
    ])
  func unsupported(_ source: String, _ line: Int, _ name: String) throws {
    do {
      let text = try ChatTemplate(source).render(messages: [], addGenerationPrompt: false, bos: "", eos: "")
      Issue.record("rendered as '\(text)'")
    } catch {
      #expect(error.line == line)
      #expect(error.description.contains(name), "\(error)")
    }
  }

  @Test(
    "a template that never ends, or nests without end, is stopped",
    arguments: [
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% set ns = namespace(x=[]) %}{% for i in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}",
      "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
      "{{ " + String(repeating: "not ", count: 3000) + "1 }}", "{{ " + String(repeating: "-", count: 3000) + "1 }}",
      "{{ 1" + String(repeating: " + 1", count: 1900) + " }}", "{{ 1" + String(repeating: " + 1", count: 9000) + " }}",
      "{{ x" + String(repeating: "[0]", count: 1000) + " }}",
      String(repeating: "{% if 1 %}", count: 5000) + String(repeating: "{% endif %}", count: 5000),
      "{{ 'a' * 9999999999 }}", "{{ range(9999999999999) }}", "{{ 9223372036854775807 + 1 }}", "{{ 9 ** 99 }}",
      "{{ 99999999999999999999 }}", "{% set ns = namespace() %}{% set ns.me = ns %}{{ [ns.me, ns] | tojson }}",
    ])
  func bounded(_ source: String) {
    #expect(throws: TemplateError.self) {
      try ChatTemplate(source).render(messages: [], addGenerationPrompt: false, bos: "", eos: "")
    }
  }

  @Test("a long chain of namespaces is taken apart one by one, not as deep as it is")
  func chain() throws {
    let source =
      "{% set ns = namespace(x=0) %}{% for i in range(99999) %}{% set ns.x = namespace(x=ns.x) %}{% endfor %}a"
    #expect(try ChatTemplate(source).render(messages: [], addGenerationPrompt: false, bos: "", eos: "") == "a")
  }

  @Test("an argument that tojson does not know, or cannot use, is refused by name")
  func jsonArguments() throws {
    for (arguments, word) in [
      ("(default=1)", "default"), ("(indent=1.5)", "indent"), ("(separators=1)", "separators"),
      ("(separators=[1, 2])", "separators"), ("(1, 2, none, 4, 5)", "at most 4"),
      ("(true, ensure_ascii=true)", "ensure_ascii"),
    ] {
      let error = #expect(throws: TemplateError.self) {
        try ChatTemplate("{{ [1] | tojson\(arguments) }}").render(
          messages: [], addGenerationPrompt: false, bos: "", eos: "")
      }
      #expect(error?.message.contains("tojson") == true && error?.message.contains(word) == true, "\(error as Any)")
    }
  }

  @Test("content is told apart from the template's own text through joins, trims and filters")
  func contentIsTracked() throws {
    let source = "{{ '<' + messages[0].content | trim + '>' }}{{ messages[0]['content'].upper()[1:] ~ '!' }}"
    let text = try ChatTemplate(source).renderText(
      messages: [ChatMessage(role: "user", content: " <a> ")], addGenerationPrompt: false, bos: "", eos: "", now: Date()
    )
    #expect(
      text.runs == [
        .init(text: "<", isContent: false), .init(text: "<a>", isContent: true), .init(text: ">", isContent: false),
        .init(text: "<A> ", isContent: true), .init(text: "!", isContent: false),
      ])
    #expect(text.plain == "<<a>><A> !")
    #expect(text.prefix(byteCount: 3).runs.last == .init(text: "<a", isContent: true))
  }

  @Test("content stays apart from the template's own text through formats, joins and replacements")
  func contentIsTrackedThroughFormats() throws {
    for expression in [
      "'<%s>' % messages[0].content", "'<{}>'.format(messages[0].content)", "'<{0.content}>'.format(messages[0])",
      "'<%(content)s>' % messages[0]", "''.join(['<', messages[0].content, '>'])",
      "'<X>' | replace('X', messages[0].content)",
      "'<%s>' | format(messages[0].content)", "('<' ~ messages[0].content ~ '>') | trim",
    ] {
      let text = try ChatTemplate("{{ \(expression) }}").renderText(
        messages: [ChatMessage(role: "user", content: "a")], addGenerationPrompt: false, bos: "", eos: "", now: Date())
      #expect(
        text.runs == [
          .init(text: "<", isContent: false), .init(text: "a", isContent: true), .init(text: ">", isContent: false),
        ], "\(expression)")
    }
  }

  @Test("the text of generation blocks is known through macros, set blocks, joins and trims")
  func generatedText() throws {
    for source in [
      "ab{% generation %}é{{ 'd' }}{% endgeneration %}ef",
      "{% macro m() %}b{% generation %}éd{% endgeneration %}e{% endmacro %}a{{ m() }}f",
      "{% set s %} b{% generation %}éd{% endgeneration %}e {% endset %}{{ 'a' ~ s | trim ~ 'f' }}",
    ] {
      let text = try ChatTemplate(source).renderText(
        messages: [], addGenerationPrompt: false, bos: "", eos: "", now: Date())
      #expect(text.plain == "abédef", "\(source)")
      #expect(text.generated == [2..<5], "\(source)")
    }
  }
}
