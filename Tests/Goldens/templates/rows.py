"""Writes rows.json: rows of datasets as files hold them, in every form that is read as turns, and for each template a hash
of the text and the texts that are learnt.

    python3 rows.py             # transformers 5.24.0 and jinja2 3.1.6 wrote the file in this folder

Rows become messages here by the conventions of their tools: OpenAI's fine-tuning files (`weight` of a turn), axolotl's
(`train`, `training`), LLaMA-Factory's Alpaca and ShareGPT (`system`, `history`, `tools`, `function_call`, `observation`),
TRL's prompt and completion, of text or of turns. Which of the assistant's turns are learnt is said by hand beside each row.
The text of each such turn comes from transformers' `return_assistant_tokens_mask` where a template marks it, else from the
definitions of masks.py.
"""

import datetime
import json
import pathlib

import generate
import masks
from dialogues import TIME, WEATHER, assistant, call, system, user

FOLDER = pathlib.Path(__file__).parent
TEMPLATES = [
    "chatml", "smollm2", "families/qwen25", "families/smollm3", "families/tagged", "modern/generation", "modern/thinking"]


def shared(*turns, **more):
    return {"conversations": [{"from": role, "value": text} for role, text in turns], **more}


def tool(text, **more):
    return {"role": "tool", "content": text, **more}


def asked(name, **arguments):
    """A call as ShareGPT's turns function_call hold it: JSON as text."""
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)


def calls(*texts):
    return {"role": "assistant", "tool_calls": [{"type": "function", "function": json.loads(text)} for text in texts]}


BERN, ROME = asked("get_weather", place="Bern", options={"wind": True, "z": 1, "a": [1.5, "é"]}), asked("get_weather", place="Rome")
CALL = [call("get_weather", place="Bern", days=3)]
SHOWN = {"type": "text", "text": "Look: "}, {"type": "text", "text": "what is it?"}

# The row, its messages, its tools, and the places of the turns that are learnt.
ROWS = [
    ("weight 0", {"messages": [user("Hi"), {**assistant("BAD"), "weight": 0}, user("Again"), {**assistant("GOOD"), "weight": 1}]},
     [user("Hi"), assistant("BAD"), user("Again"), assistant("GOOD")], None, [3]),
    ("train false", {"messages": [user("Hi"), {**assistant("BAD"), "train": False}, user("Again"), {**assistant("GOOD"), "train": True}]},
     [user("Hi"), assistant("BAD"), user("Again"), assistant("GOOD")], None, [3]),
    ("last is context", {"messages": [user("Hi"), {**assistant("Yo."), "training": True}, user("Again"), {**assistant("No."), "training": False}]},
     [user("Hi"), assistant("Yo."), user("Again"), assistant("No.")], None, [1]),
    ("middle is context", {"messages": [m for n in "abc" for m in (user(f"{n}?"), {**assistant(f"{n.upper()}."), "loss": n != "b"})]},
     [m for n in "abc" for m in (user(f"{n}?"), assistant(f"{n.upper()}."))], None, [1, 5]),
    ("every turn weighs", {"messages": [{**system("Be brief."), "weight": 1}, {**user("Hi"), "weight": 0}, {**assistant("Yo."), "weight": 1.0}]},
     [system("Be brief."), user("Hi"), assistant("Yo.")], None, [2]),
    ("call", {"messages": [user("Weather in Bern?"), {**assistant(""), "tool_calls": CALL}, tool("7 C", tool_call_id="abcdef123"), assistant("It is 7 C.")], "tools": [WEATHER]},
     [user("Weather in Bern?"), {**assistant(""), "tool_calls": CALL}, tool("7 C", tool_call_id="abcdef123"), assistant("It is 7 C.")], [WEATHER], [1, 3]),
    ("null and a call as context", {"messages": [user("Weather in Bern?"), {**assistant(None), "tool_calls": CALL, "weight": 0}, tool("7 C"), assistant("It is 7 C.")], "tools": [TIME, WEATHER]},
     [user("Weather in Bern?"), {"role": "assistant", "tool_calls": CALL}, tool("7 C"), assistant("It is 7 C.")], [TIME, WEATHER], [3]),
    ("tools as text", {"messages": [user("Weather in Bern?"), {"role": "assistant", "tool_calls": CALL}, tool("7 C"), assistant("7.")], "tools": json.dumps([WEATHER])},
     [user("Weather in Bern?"), {"role": "assistant", "tool_calls": CALL}, tool("7 C"), assistant("7.")], [WEATHER], [1, 3]),
    ("parts", {"messages": [{"role": "user", "content": SHOWN}, {"role": "assistant", "content": [{"type": "text", "text": "A cat."}], "weight": 1}]},
     [user("Look: what is it?"), assistant("A cat.")], None, [1]),
    ("system beside messages", {"system": "Count.", "messages": [user("One"), assistant("Two")]},
     [system("Count."), user("One"), assistant("Two")], None, [2]),
    ("thinking", {"messages": [user("Hi"), {**assistant("Hello", reasoning_content="Greet them."), "train": False}, user("Bye"), assistant("Bye!", reasoning_content="End it.")]},
     [user("Hi"), assistant("Hello", reasoning_content="Greet them."), user("Bye"), assistant("Bye!", reasoning_content="End it.")], None, [3]),
    ("open end", {"messages": [system("Count."), user("One"), assistant("Two"), user("Three?")]},
     [system("Count."), user("One"), assistant("Two"), user("Three?")], None, [2]),
    ("sharegpt system", shared(("human", "Hi"), ("gpt", "Arr"), system="Talk like a pirate."),
     [system("Talk like a pirate."), user("Hi"), assistant("Arr")], None, [2]),
    ("sharegpt roles", shared(("system", "Be kind."), ("human", "a?"), ("chatgpt", "A."), ("user", "b?"), ("bing", "B."), ("human", "c?"), ("bard", "C."), ("human", "d?"), ("assistant", "D.")),
     [system("Be kind."), user("a?"), assistant("A."), user("b?"), assistant("B."), user("c?"), assistant("C."), user("d?"), assistant("D.")], None, [2, 4, 6, 8]),
    ("function_call", shared(("human", "Weather in Bern?"), ("function_call", BERN), ("observation", "3 °C"), ("gpt", "Cold."), tools=json.dumps([WEATHER])),
     [user("Weather in Bern?"), calls(BERN), tool("3 °C"), assistant("Cold.")], [WEATHER], [1, 3]),
    ("function_call of two", shared(("human", "Bern and Rome?"), ("function_call", f"[{BERN}, {ROME}]"), ("tool", "3"), ("function", "15"), ("gpt", "3, 15."), tools=[WEATHER], system="Use tools."),
     [system("Use tools."), user("Bern and Rome?"), calls(BERN, ROME), tool("3"), tool("15"), assistant("3, 15.")], [WEATHER], [2, 5]),
    ("conversations with roles", {"conversations": [user("Hi"), assistant("Yo."), user("Bye"), {**assistant("So long."), "weight": 0}]},
     [user("Hi"), assistant("Yo."), user("Bye"), assistant("So long.")], None, [1]),
    ("trl turns", {"prompt": [user("Hi")], "completion": [assistant("Hello")]},
     [user("Hi"), assistant("Hello")], None, [1]),
    ("trl turns with answers in the prompt", {"prompt": [system("Count."), user("One"), assistant("Two"), user("Three")], "completion": [assistant("Four")]},
     [system("Count."), user("One"), assistant("Two"), user("Three"), assistant("Four")], None, [4]),
    ("trl turns with tools", {"prompt": [user("Weather in Bern?")], "completion": [{"role": "assistant", "content": None, "tool_calls": CALL}, tool("7 C"), assistant("7.")], "tools": [WEATHER], "system": "Use tools."},
     [system("Use tools."), user("Weather in Bern?"), {"role": "assistant", "tool_calls": CALL}, tool("7 C"), assistant("7.")], [WEATHER], [2, 4]),
    ("trl turns in parts", {"prompt": [{"role": "user", "content": SHOWN}], "completion": [{"role": "assistant", "content": [{"type": "text", "text": "A cat."}]}]},
     [user("Look: what is it?"), assistant("A cat.")], None, [1]),
    ("alpaca", {"instruction": "Translate.", "input": "Guten Tag", "output": "Good day"},
     [user("Translate.\nGuten Tag"), assistant("Good day")], None, [1]),
    ("alpaca with history", {"instruction": "And now?", "input": "", "output": "Four.", "system": "Count.", "history": [["One?", "Two."], ["Next?", "Three."]]},
     [system("Count."), user("One?"), assistant("Two."), user("Next?"), assistant("Three."), user("And now?"), assistant("Four.")], None, [2, 4, 6]),
    ("prompt and completion", {"prompt": "What is 2 + 2?", "completion": "4"}, [user("What is 2 + 2?"), assistant("4")], None, [1]),
    ("prompt and response", {"prompt": " Sing:\n", "response": " La la. ", "system": "Sing well."},
     [system("Sing well."), user(" Sing:\n"), assistant(" La la. ")], None, [2]),
]


def main():
    bytewise, rows = masks.tokenizer(), []
    for name in TEMPLATES:
        source = (FOLDER / f"{name}.jinja").read_text()
        stem = name.split("/")[-1]
        for title, row, messages, tools, learnt in ROWS:
            dialogue = {"messages": messages} | ({"tools": tools} if tools else {})
            if masks.leaves_out(source, dialogue):
                rows.append({"template": name, "row": title, "hash": None, "learnt": None})
                continue
            given = masks._alias_reasoning_fields(masks._normalize_chat_messages(messages))
            environment = generate.environment()
            # The date of training's renderings.
            environment.globals["strftime_now"] = datetime.datetime(2024, 7, 26, 12).strftime
            text = environment.from_string(source).render(
                messages=given, tools=tools, documents=None, add_generation_prompt=False, bos_token="<s>", eos_token="</s>")
            pieces = masks.marked(bytewise, source, dialogue) if stem in masks.GENERATION else masks.defined(stem, text, messages)
            turns = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
            assert pieces is not None and len(pieces) == len(turns), (name, title, pieces)
            rows.append({
                "template": name, "row": title, "hash": masks.fnv(text),
                "learnt": [piece for place, piece in zip(turns, pieces) if place in learnt]})
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    given = ",\n".join(f"  {json.dumps(title)}: {json.dumps(json.dumps(row, ensure_ascii=False), ensure_ascii=False)}" for title, row, *_ in ROWS)
    (FOLDER / "rows.json").write_text(f'{{\n "lines": {{\n{given}\n }},\n "rows": [\n{lines}\n ]\n}}\n')


if __name__ == "__main__":
    main()
