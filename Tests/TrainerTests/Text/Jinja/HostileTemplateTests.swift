import Foundation
import Testing

import Trainer

/// Templates of less than 1 KB that ask for more time or memory than any machine has.
@Suite("Hostile chat templates")
struct HostileTemplateTests {
  @Test(
    "each is refused in one line",
    arguments: [
      // Loops.
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% for a in range(1000000000) %}{% endfor %}",
      "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}",
      "{% for a in range(99999) %}{{ range(99999) | map('string') | list | length }}{% endfor %}",
      "{% for a in range(99999) %}{{ range(99999) | select('odd') | list | length }}{% endfor %}",
      "{% for a in 'a' * 100000000 %}{% endfor %}",
      // Macros.
      "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
      "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
      "{% macro m() %}" + block(40, "{{ m() }}") + "{% endmacro %}{{ m() }}",
      // Text that doubles.
      "{{ 'a' * 1000000000 }}", "{{ 1000000000 * ('a' * 1000) }}",
      "{% set s = 'a' %}" + lines(60, "{% set s = s + s %}") + "{{ s }}",
      "{% set s = 'a' %}" + lines(60, "{% set s = s ~ s %}") + "{{ s }}",
      "{% set ns = namespace(s='aaaa') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "{% set s = 'a' %}" + lines(30, "{% set s = s | replace('a', 'aa') %}"),
      "{% set s = 'a' * 1000000 %}{{ s | replace('a', s) }}", "{% set s = 'a' * 1000000 %}{{ s | replace('', s) }}",
      "{% set s %}a{% endset %}" + lines(18, "{% set s %}{{ s }}{{ s }}{{ s }}{{ s }}{% endset %}"),
      "{% set s = 'a' * 1000000 %}{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set c %}{{ s }}{{ i }}"
        + "{% endset %}{% set ns.l = ns.l + [c] %}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{{ s }}{% endfor %}",
      "{% set s = '\\n' * 1000000 %}{{ s | indent(1000, true) }}",
      "{% set s = 'a\\n' * 400000 %}{{ s | indent(1000) }}", "{{ [[1]] | tojson(indent=1000000000000) }}",
      "{{ strftime_now('%A' * 10000000) }}",
      // Text that is read again and again.
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% if 'b' in s %}{% endif %}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% set t = 'a' * 500000 ~ 'b' %}{{ t in s }}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{{ s | length }}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{{ s[i] }}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s[1:] %}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{{ s == s ~ '' }}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% set d = {s: 1} %}{% for i in range(100000) %}{{ d[s] }}{% endfor %}",
      "{% set s = 'é' * 500000 %}{% for i in range(100000) %}{% set t = s | title %}{% endfor %}",
      "{% set s = ' a' * 400000 %}{% for i in range(100000) %}{% set t = s.strip() | trim | upper %}{% endfor %}",
      "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = ns.l + [('a ' * 9000).split()] %}{% endfor %}",
      "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = ns.l + [('a,' * 9000).split(',')] %}"
        + "{% endfor %}",
      "{% set s = '\\n' * 1000000 %}{{ s.splitlines() | length }}", "{{ ('a' * 1000000) | list | length }}",
      "{% set s = 'a' * 1000000 %}{{ s.rsplit('a') | length }}",
      "{{ ('a' * 1000000) | reverse | map('upper') | join }}",
      "{% set s = messages[0].content %}" + lines(40, "{% set s = s ~ 'x' ~ s %}") + "{% for c in s %}{% endfor %}",
      // Lists that share their items.
      "{% set l = [1] %}" + lines(44, "{% set l = [l,l] %}"),
      "{% set l = [1] %}" + lines(40, "{% set l = l + l %}") + "{{ l | length }}",
      "{% set l = ['a' * 1000000] %}" + lines(19, "{% set l = l + l %}") + "{{ l | join(',') }}",
      "{% set l = ['a' * 10000] %}" + lines(17, "{% set l = l + l %}") + "{{ l }}",
      "{% set l = ['a' * 10000] %}" + lines(17, "{% set l = l + l %}") + "{{ l | tojson }}",
      "{% set l = ['a' * 10000] %}" + lines(17, "{% set l = l + l %}") + "{{ l ~ '' }}",
      "{% set l = [1] %}" + lines(18, "{% set l = [l,l] %}") + "{{ l }}{{ l }}{{ l }}",
      "{% set l = [1] %}" + lines(18, "{% set l = [l,l] %}") + "{{ l | tojson(indent=40) }}",
      "{% set l = [1] %}" + lines(18, "{% set l = [l,l] %}") + "{% for i in range(99) %}{{ l == l }}{% endfor %}",
      "{% set l = [1] %}" + lines(17, "{% set l = [l,l] %}") + "{% for i in range(99) %}{{ [l] in [[l]] }}{% endfor %}",
      "{% set l = [1] %}" + lines(17, "{% set l = [l,l] %}") + "{% for i in range(99) %}{{ [l].index(l) }}{% endfor %}",
      "{% set d = {'a': 1} %}" + lines(30, "{% set d = {'a': d, 'b': d} %}"),
      "{% set ns = namespace(d=1) %}{% for i in range(99) %}{% set ns.d = dict(a=ns.d, b=ns.d) %}{% endfor %}",
      "{% set ns = namespace(d=1) %}{% for i in range(99999) %}{% set ns.d = dict(a=ns.d) %}{% endfor %}",
      "{% set ns = namespace(d=1) %}{% for i in range(99999) %}{% for j in [ns.d] %}{% set ns.d = loop %}{% endfor %}"
        + "{% endfor %}",
      "{% set l = range(99999) | list %}{% for i in range(99999) %}{% set m = l[::-1] %}{% endfor %}",
      "{% set l = range(99999) | list %}{% for i in range(99999) %}{{ -1 in l }}{% endfor %}",
    ] + HostileTemplates.sources)
  func isRefused(_ source: String) throws {
    #expect(source.utf8.count < 1200)
    do {
      let text = try ChatTemplate(source).render(
        messages: [ChatMessage(role: "user", content: "hello")], addGenerationPrompt: true, bos: "<s>", eos: "</s>")
      Issue.record("rendered as \(text.utf8.count) bytes")
    } catch {
      #expect(!error.description.contains("\n"))
      #expect(error.line == 1)
    }
  }

  @Test("a chain of namespaces, or one that holds itself, comes apart again")
  func namespacesComeApart() throws {
    let chain = "{% set ns = namespace(n=0) %}{% for i in range(20000) %}{% set ns.n = namespace(n=ns.n) %}{% endfor %}"
    let circle = "{% set ns = namespace() %}{% set ns.me = [ns] %}x"
    let loops =
      "{% set ns = namespace(n=0) %}{% for i in range(20000) %}{% for j in [1] %}{% if loop.changed(ns.n) %}"
      + "{% set ns.n = loop %}{% endif %}{% endfor %}{% endfor %}"
    let macros =
      "{% set ns = namespace(n=0) %}{% for i in range(20000) %}{% set old = ns.n %}{% macro m() %}{% endmacro %}"
      + "{% set ns.n = m %}{% endfor %}"
    let recursive =
      "{% set ns = namespace(n=0) %}{% for i in range(20000) %}{% set old = ns.n %}{% for j in [1] recursive %}"
      + "{% set ns.n = loop %}{% endfor %}{% endfor %}"
    for source in [chain, circle, loops, macros, recursive] {
      let text = try ChatTemplate(source).render(messages: [], addGenerationPrompt: false, bos: "", eos: "")
      #expect(["", "x"].contains(text))
    }
  }

  @Test("a long conversation may take more than a short one")
  func growsWithTheConversation() throws {
    let source =
      "{% for m in messages %}{% set c = m.content | trim %}{% if '</think>' in c %}{{ c.split('</think>')[-1] }}"
      + "{% else %}{{ m.role ~ ': ' ~ c | replace('a', 'b') }}{% endif %}{% endfor %}"
    let messages = (0..<2000).map { ChatMessage(role: "user", content: String(repeating: "a \($0)", count: 2000)) }
    let text = try ChatTemplate(source).render(messages: messages, addGenerationPrompt: false, bos: "", eos: "")
    #expect(text.utf8.count > 10_000_000)
  }

  private static func lines(_ count: Int, _ line: String) -> String { String(repeating: line, count: count) }

  private static func block(_ count: Int, _ body: String) -> String {
    lines(count, "{%if 1%}") + body + lines(count, "{%endif%}")
  }
}
