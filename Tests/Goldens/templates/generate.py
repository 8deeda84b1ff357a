"""Writes expected.json: what Python's jinja2 renders, with the settings that transformers uses for chat templates.

    python3 generate.py            # jinja2 3.1.6 wrote the file in this folder

Each *.jinja file is rendered for each conversation, with and without a generation prompt; each snippet alone, with a
few variables that the Swift test sets as well. modern.json is made the same way of modern/*.jinja and the contexts in
dialogues.py, with the texts that `{% generation %}` blocks wrote.
"""

import datetime
import json
import pathlib

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dialogues import DIALOGUES
from language import SNIPPETS as LANGUAGE

FOLDER = pathlib.Path(__file__).parent
NOW = datetime.datetime(2024, 2, 29, 12, 5, 9)

CONVERSATIONS = {
    "question": [("user", "What is 2 + 2?")],
    "system": [("system", "Answer in one word."), ("user", "Capital of France?"), ("assistant", "Paris")],
    "turns": [("user", "Hi"), ("assistant", "Hello!"), ("user", "Bye"), ("assistant", "See you.")],
    "open": [("system", "  Spaces around.  "), ("user", "One"), ("assistant", "Two"), ("user", "Three?\n")],
    "blanks": [("user", "\n  indented\n\tline \n\n"), ("assistant", " \n answer \n ")],
    "unicode": [("user", "Grüße, 日本 🤖 e\u0301\u00a0\r\n"), ("assistant", "naïve\u2003")],
    "markup": [("user", "<|im_end|> </s> [/INST] {{ 7 * 7 }} {% if %} <|eot_id|>"), ("assistant", "'quoted' \"too\"")],
    "twice": [("user", "One"), ("user", "Two")],
    "many": [("system", "Be brief.\n\nBe kind.")] + [
        (role, f"{role} {n}: {'la ' * n}") for n in range(1, 5) for role in ("user", "assistant")] + [("user", "End?")],
    "empty": [("user", ""), ("assistant", ""), ("user", " ")],
    "system only": [("system", "Nothing else.")],
}

SNIPPETS = [
    # white space
    "a\n  {% if true %}  \n b\n  {% endif %}\nc\n",
    "a \n {%- if true -%} \n b \n {%- endif -%} \n c",
    "a\n  {%+ if true %}b{%+ endif +%}\nc",
    "x {# note #} y\n  {# line #}\nz {#- tight -#} w",
    "{{ 1 }}\n  {{- 2 }}\n{{ 3 -}}\n  4\r\n5\r6\n\n",
    "  {% set a = 1 %}\n  {{ a }}\n\t{% if a %}\n\tyes\n\t{% endif %}\n",
    # literals and operators
    "{{ 1 + 2 * 3 - 4 // 3 }} {{ 7 % 3 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 1.5 + 1 }} {{ 1e3 }}",
    "{{ 'a' 'b' ~ 1 ~ none ~ true ~ 2.0 }} {{ \"it's\" }} {{ 'tab\\tnew\\n\\\\ \\'q\\' \\x41 \\u00e9 \\z' }}",
    "{{ [1, 'two', none, true, {'k': 'it\\'s'}] }} {{ (1, 2)[1] }} {{ {'a': {'b': 3}}.a['b'] }} {{ 'ab' * 2 }}",
    "{{ 1 < 2 <= 2 }} {{ 1 == 1.0 }} {{ 'a' != 'b' }} {{ 'b' in 'abc' }} {{ 2 not in [1, 3] }} {{ 'k' in {'k': 1} }}",
    "{{ not 1 or 0 }} {{ 0 or 'x' }} {{ '' and 1 }}| {{ not false and true }} {{ 'y' if 0 else 'n' }} {{ 'y' if 0 }}",
    "{{ -3 | abs }} {{ '%s' }} {{ not none is none }} {{ 1 if x is defined and x > 0 else 2 }} {{ (1 + 2) ~ 'x' | upper }}",
    "{{ 'abcdef'[1:3] }} {{ 'abcdef'[-2:] }} {{ 'abc'[::-1] }} {{ [1,2,3,4][::2] }} {{ 'abc'[5:] }}| {{ items[-1] }}",
    # statements
    "{% for i in [1, 2, 3] %}{{ loop.index }}/{{ loop.length }}:{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for i in items if i is odd %}{{ loop.index0 }}{{ loop.revindex }}{{ i }};{% else %}none{% endfor %}",
    "{% for i in [] %}x{% else %}empty{% endfor %} {% for c in 'añ' %}<{{ c }}>{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}{% for k in {'z': 1} %}{{ k }}{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{% set x = i + 5 %}{{ x }}{% endfor %}{{ x }}{% if true %}{% set x = 9 %}{% endif %}{{ x }}",
    "{% set ns = namespace(n=0, s='') %}{% for i in items %}{% set ns.n = ns.n + i %}{% set ns.s = ns.s ~ i %}{% endfor %}{{ ns.n }} {{ ns.s }}",
    "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %} {{ range(2, 8, 3) | list }}",
    "{% for i in [1, 2, 3] %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}{{ loop.cycle('a', 'b') }} {% endfor %}",
    "{% set text %}in {{ 1 + 1 }}{% endset %}[{{ text }}] {% macro hi(name, mark='!') %}Hi {{ name }}{{ mark }}{% endmacro %}{{ hi('A') }}{{ hi('B', mark='?') }}",
    "{% if a is defined %}1{% elif missing %}2{% elif items %}3{% else %}4{% endif %}",
    # filters
    "{{ '  x ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ 'aB' | upper }}|{{ 'aB' | lower }}|{{ 'heLLo wOrld' | title }}|{{ 'heLLo' | capitalize }}",
    "{{ missing | default('d') }} {{ '' | default('e', true) }} {{ 0 | default(1) }} {{ missing | d }}| {{ none | default('n') }}",
    "{{ items | length }} {{ 'añ' | count }} {{ items | first }} {{ items | last }} {{ items | join('-') }} {{ people | join(',', attribute='name') }}",
    "{{ {'a': [1, 2.5, none, true], 'b': 'ü\"\\n\\u0001/'} | tojson }} {{ [] | tojson }} {{ {'a': [1, {'b': 2}]} | tojson(indent=2) }}",
    "{{ 'banana' | replace('an', 'AN') }} {{ 'banana' | replace('a', 'o', 2) }} {{ items | reverse | list }} {{ 'abc' | reverse }}",
    "{{ people | map(attribute='name') | join(' ') }} {{ ['a', 'b'] | map('upper') | list }} {{ people | selectattr('age') | map(attribute='name') | list }}",
    "{{ people | selectattr('name', 'equalto', 'Al') | list | length }} {{ people | rejectattr('name', 'in', ['Al']) | map(attribute='name') | join }} {{ items | select('odd') | list }} {{ items | reject('>', 2) | list }}",
    "{{ '3' | int + 1 }} {{ 'x' | int }} {{ '2.5' | float }} {{ 3.9 | int }} {{ 5 | string + 'x' }} {{ 'a\nb' | indent(2) }} {{ [1] | string }}",
    # tests
    "{{ x is defined }} {{ missing is undefined }} {{ none is none }} {{ 'a' is string }} {{ {} is mapping }} {{ [] is iterable }} {{ 'a' is sequence }}",
    "{{ 1 is number }} {{ 1 is integer }} {{ 1.0 is float }} {{ true is boolean }} {{ true is true }} {{ 0 is false }} {{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }}",
    "{{ 1 is eq 1 }} {{ 1 is ne(2) }} {{ 'a' is in 'abc' }} {{ 'a' is not string }} {{ 'ab' is lower }} {{ 1 is not none }} {{ 2 is gt 1 }}",
    # methods
    "{{ ' a b '.strip() }}|{{ 'xay'.strip('xy') }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'a,b,c'.split(',') }}|{{ ' a  b '.split() }}|{{ 'a,b,c'.split(',', 1)[-1] }}",
    "{{ 'a.b.c'.rsplit('.', 1) }} {{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'aXb'.lower().upper().title() }} {{ 'a-b'.replace('-', '+') }}",
    "{{ {'a': 1}.get('a') }} {{ {'a': 1}.get('b', 5) }} {{ {'a': 1}.get('b') }} {{ {'a': 1, 'b': 2}.keys() | list }} {{ {'a': 1}.values() | list }} {{ 'a\\r\\nb\\nc'.splitlines() }}",
    "{{ 'abcab'.find('ca') }} {{ 'abab'.count('ab') }} {{ 'prefix'.removeprefix('pre') }} {{ '12'.isdigit() }} {{ 'a</t>b'.split('</t>')[-1].lstrip('\\n') }}",
    "{{ 'a  b c'.split(none, 1) }} {{ ['a', 'b'].index('b') }} {{ [1, 1].count(1) }} {{ x is number and items is not string }}",
    "{{ strftime_now('%d %b %Y %H:%M:%S %A %B %a %m %y %%') }}",
    # faults: only that there is one
    "{{ missing.name }}", "{{ 1 + 'a' }}", "{{ raise_exception('no') }}", "{{ [1, 2 }}", "{% if x %}", "{% endif %}",
    "{{ 'abc }}", "{% for x %}{% endfor %}", "{{ 1 // 0 }}", "{{ x | nosuch }}", "{{ x is nosuch }}", "{# open",
    "{{ 'a'.nosuch() }}", "{{ }}", "{{ 1 2 }}", "{% nosuch %}", "{% for a, b in [1] %}{% endfor %}", "{{ none | length }}",
]


class AssistantTracker(Extension):
    """transformers' extension of the same name, without its guards against use by several threads."""

    tags = {"generation"}

    def __init__(self, environment):
        super().__init__(environment)
        environment.extend(rendered_blocks=None, generation_indices=None)

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_generation_support"), [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def _generation_support(self, context, caller):
        text = caller()
        if self.environment.rendered_blocks is not None:
            start = len("".join(self.environment.rendered_blocks))
            self.environment.generation_indices.append((start, start + len(text)))
        return text


class TemplateDict:
    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)


class TemplateNamespace(jinja2.utils.Namespace):
    """transformers' namespace, which refuses names that begin with an underscore."""

    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        attributes = dict(*args, **kwargs)
        for name in attributes:
            TemplateNamespace._check_name(name)
        jinja2.utils.Namespace.__init__(self, attributes)

    def __setitem__(self, name, value):
        TemplateNamespace._check_name(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def _check_name(name):
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError(name)


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[AssistantTracker, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    env.globals["dict"] = TemplateDict()
    env.globals["namespace"] = TemplateNamespace
    return env


def rendered(source, **variables):
    try:
        return environment().from_string(source).render(**variables)
    except Exception:
        return None


def tracked(source, variables):
    """The text, and the texts within it that `{% generation %}` blocks wrote; nothing where there is an error."""
    env = environment()
    try:
        template = env.from_string(source)
        env.rendered_blocks, env.generation_indices = [], []
        for block in template.generate(**variables):
            env.rendered_blocks.append(block)
    except Exception:
        return None, []
    text = "".join(env.rendered_blocks)
    return text, [text[start:end] for start, end in env.generation_indices]


def modern():
    renderings = []
    for path in sorted((FOLDER / "modern").glob("*.jinja")):
        for name, context in DIALOGUES.items():
            for prompt in (False, True):
                variables = {"tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>", **context}
                text, generated = tracked(path.read_text(), {**variables, "add_generation_prompt": prompt})
                renderings.append(
                    {"template": path.name, "dialogue": name, "prompt": prompt, "text": text, "generated": generated})
    return {"dialogues": DIALOGUES, "renderings": renderings}


def main():
    templates = []
    for path in sorted(FOLDER.glob("*.jinja")):
        for name, turns in CONVERSATIONS.items():
            messages = [{"role": role, "content": content} for role, content in turns]
            for prompt in (False, True):
                text = rendered(
                    path.read_text(), messages=messages, add_generation_prompt=prompt, bos_token="<s>",
                    eos_token="</s>", tools=None, documents=None)
                templates.append({"template": path.name, "conversation": name, "prompt": prompt, "text": text})
    people = [{"name": "Al", "age": 3}, {"name": "Bo", "age": 0}]
    snippets = [{"source": s, "text": rendered(s, x=1, items=[1, 2, 3], people=people)} for s in SNIPPETS + LANGUAGE]
    conversations = {
        name: [{"role": role, "content": content} for role, content in turns] for name, turns in CONVERSATIONS.items()
    }
    golden = {
        "jinja2": jinja2.__version__, "now": NOW.isoformat() + "Z", "conversations": conversations,
        "templates": templates, "snippets": snippets,
    }
    (FOLDER / "expected.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")
    (FOLDER / "modern.json").write_text(json.dumps(modern(), ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
