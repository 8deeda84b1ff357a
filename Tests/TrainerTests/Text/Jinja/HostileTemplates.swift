/// Templates of less than 1.2 KB that ask for more time or memory than any machine has, by filters, formats, macros and
/// loops.
enum HostileTemplates {
  static let sources: [String] = [
    // Widths and precisions of formats.
    "{{ '%1000000000d' % 1 }}", "{{ '%-1000000000s' % 'a' }}", "{{ '%.1000000000f' % 1.5 }}",
    "{{ '%.1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}", "{{ '%99999999999999999999d' % 1 }}", "{{ '%01000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}", "{{ '{:.1000000000f}'.format(1.5) }}", "{{ '{:{}}'.format('a', 1000000000) }}",
    "{{ '{:é^1000000000}'.format('a') }}", "{{ '{:.999999999999999999999}'.format(1.5) }}",
    "{{ 'a'.center(1000000000) }}", "{{ 'a'.ljust(1000000000, 'é') }}", "{{ 'a' | center(1000000000) }}",
    "{{ '1'.zfill(1000000000) }}", "{{ 'a' | indent(1000000000, true) }}", "{{ 'a' | indent('b' * 100000000, true) }}",
    "{{ ('a\\n' * 300000) | indent('b' * 1000) }}", "{{ [[1]] | tojson(indent='a' * 30000000) }}",
    "{{ ([1] * 10000) | tojson(indent=100000) }}", "{{ ([1] * 10000) | tojson(separators=('a' * 10000, ':')) }}",
    "{{ (('a' * 1000) ~ '%s') % (('b' * 20000000)) }}",
    // Text that grows in formats and joins.
    "{% set s = 'a' %}" + lines(30, "{% set s = '%s%s' % (s, s) %}"),
    "{% set s = 'a' %}" + lines(30, "{% set s = '{0}{0}'.format(s) %}"),
    "{% set s = 'aa' %}" + lines(30, "{% set s = s.join(s) %}"), "{{ ('a' * 10000).join(['b'] * 10000) }}",
    "{{ ['b'] * 10000 | join('a' * 100000) }}", "{{ (['b'] * 10000) | join('a' * 100000) }}",
    "{% set s = 'a' * 3000000 %}{{ s | e | e | e | replace('a', '&') | e }}", "{{ ('&' * 9000000) | e }}",
    "{{ ('\u{1}' * 9000000) | tojson }}", "{{ ('é' * 3000000) | tojson(ensure_ascii=true) }}",
    "{% for i in range(99999) %}{% set s = ('a b ' * 10000) | title %}{% endfor %}",
    "{% for i in range(99999) %}{% set s = ('a b ' * 10000) | wordcount %}{% endfor %}",
    "{% for i in range(99999) %}{% set s = ('a b ' * 10000).swapcase() %}{% endfor %}",
    "{% for i in range(99999) %}{% set s = ('a b ' * 10000).isalpha() %}{% endfor %}",
    "{% for i in range(99999) %}{% set s = ('a b ' * 10000) | truncate(30000) %}{% endfor %}",
    // Searches that almost match everywhere.
    "{{ ('a' * 1000000).rindex('a' * 500000 ~ 'b') }}", "{{ ('a' * 1000000).rfind('a' * 500000 ~ 'b') }}",
    "{{ ('a' * 1000000).count('a') }}",
    "{% set s = 'a' * 100000 %}{% for i in range(99999) %}{{ s.find('b', i) }}{% endfor %}",
    "{% set s = 'a' * 100000 %}{% for i in range(99999) %}{{ s.startswith(('b', 'c'), 5) }}{% endfor %}",
    "{{ ('a ' * 1000000).rsplit(none, 3) }}{{ ('a ' * 900000).rsplit() }}",
    // Sorting and grouping.
    "{% for i in range(99999) %}{% set l = range(99999) | sort %}{% endfor %}",
    "{{ (['a' * 100000] * 1000) | sort | length }}", "{{ ([['a' * 10000] * 100] * 100) | sort | length }}",
    "{{ ([[1] * 10000] * 1000) | sort | length }}", "{{ ([[1] * 10000] * 1000) | min }}",
    "{{ (['a' * 100000] * 1000) | max }}",
    "{% for i in range(99999) %}{{ range(9999) | unique | list | length }}{% endfor %}",
    "{% set l = [] %}{% for i in range(99999) %}"
      + "{% set m = (range(3000) | map('string') | list) | unique | list %}{% endfor %}",
    "{{ (range(9999) | batch(1) | list) | map('first') | list | map('string') "
      + "| unique | list | sort | batch(1) | sum(start=[]) }}",
    "{% for i in range(99999) %}{{ range(9999) | groupby('x') | length }}{% endfor %}",
    "{{ [1] | batch(1000000000, 0) }}", "{{ [1] | slice(1000000000) }}", "{{ [1] * 1000000000 }}",
    "{{ (1, 2) * 1000000000 }}",
    "{{ [] * 9223372036854775807 ~ [[]] * 1000000000 }}", "{{ ([[1] * 1000] * 1000) | sum(start=[]) | length }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99999) %}{% set ns.l = ns.l | batch(1) | list %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99999) %}{% set ns.l = ns.l | slice(1) | list %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99999) %}{% set ns.l = ns.l | groupby('x', default=0) %}"
      + "{% endfor %}",
    "{% set ns = namespace(l=1) %}{% for i in range(99999) %}{% set ns.l = dict(a=ns.l) | items | list %}{% endfor %}",
    "{% set ns = namespace(l=1) %}{% for i in range(99999) %}{% set ns.l = [ns.l].count %}{% endfor %}",
    "{% set ns = namespace(l=1) %}{% macro m() %}{% set ns.l = varargs %}{% endmacro %}"
      + "{% for i in range(99999) %}{{ m(ns.l) }}"
      + "{% endfor %}",
    "{% set ns = namespace(l=1) %}{% macro m() %}{% set ns.l = kwargs %}{% endmacro %}"
      + "{% for i in range(99999) %}{{ m(a=ns.l) }}"
      + "{% endfor %}",
    "{% set l = ((1, 2),) %}" + lines(30, "{% set l = (l, l) %}"),
    // Macros, callers and loops that call themselves.
    "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% for a in [1, 1] recursive %}{% if loop.depth < 60 %}{{ loop([1, 1]) }}{% endif %}{% endfor %}",
    "{% for a in range(9999) recursive %}{% if loop.depth < 9 %}{{ loop(range(9999)) }}{% endif %}{% endfor %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{{ n() }}{% endcall %}"
      + "{% endmacro %}{{ n() }}",
    "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}" + lines(30, "{% call m() %}") + "a"
      + lines(30, "{% endcall %}"),
    lines(12, "{% filter replace('a', 'aaaaaaaaaa') %}") + "a" + lines(12, "{% endfilter %}"),
    lines(120, "{%with%}"), lines(49, "{%if x%}{%else%}{%with%}"),
    "{% for a in range(99999) %}{% macro m() %}{% endmacro %}{% for b in range(999) %}{{ m() }}{% endfor %}"
      + "{% endfor %}",
    "{% set s = 'a' * 1000000 %}{% for i in range(99999) %}{{ loop.changed(s ~ '') }}{% endfor %}",
    "{{ 9 ** 99 }}", "{{ 2 ** 64 }}", "{{ 10.0 ** 999 }}", "{{ 1 | round(1000000000) }}",
    "{% set x" + lines(99, ",(x") + "%}",
    "{% set " + lines(300, "(") + "x" + lines(300, ")") + " = 1 %}", "{{ '" + lines(200, "{:") + "'.format(1) }}",
  ]

  private static func lines(_ count: Int, _ line: String) -> String { String(repeating: line, count: count) }
}
