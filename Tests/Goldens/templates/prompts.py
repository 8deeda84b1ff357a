"""Writes prompts.json: rows {"prompt", "completion"} of text, and the ids and masks of TRL's SFT conventions for them, by
SmolLM2-Instruct's tokenizer and template.

    python3 prompts.py FOLDER   # of SmolLM2's tokenizer; transformers 5.24.0 wrote the file in this folder

TRL: the prompt is `apply_chat_template([user], add_generation_prompt=True)`, the whole `apply_chat_template([user,
assistant])`, and what follows as many tokens as the prompt has is learnt. Where a token of the whole crosses the prompt's
end ("prefix" is false), TRL warns and counts all the same.
"""

import json
import pathlib
import sys

from transformers import AutoTokenizer

FOLDER = pathlib.Path(__file__).parent
ROWS = [
    {"prompt": "What is 2 + 2?", "completion": "4"},
    {"prompt": "What is the capital of France?", "completion": "Paris."},
    {"prompt": "Translate to German: good morning", "response": "Guten Morgen"},
    {"prompt": "Sentence: I love it.\nSentiment:", "completion": " positive"},
    {"prompt": "Write a haiku.\n\n###\n\n", "completion": "An old pond\na frog jumps in\nsound of water\n"},
    {"prompt": "Grüße, 日本 🤖?", "completion": "naïve — ç 🤖"},
    {"instruction": "Sort the words.", "input": "pear apple", "output": "apple pear"},
    {"instruction": "Tell a joke.", "input": "", "output": "Why did the chicken cross the road?  To get there."},
    {"prompt": "def f(x):", "completion": "    return x + 1\n\n\nprint(f(1))"},
    {"prompt": "1", "completion": "2"},
]


def main():
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    tokenizer.chat_template = (FOLDER / "smollm2.jinja").read_text()
    rows = []
    for row in ROWS:
        if "instruction" in row:
            prompt, completion = "\n".join(text for text in (row["instruction"], row["input"]) if text), row["output"]
        else:
            prompt, completion = row["prompt"], row.get("completion") or row["response"]
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]
        given = tokenizer.apply_chat_template(turns[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
        whole = tokenizer.apply_chat_template(turns, return_dict=True)["input_ids"]
        rows.append({
            "line": json.dumps(row, ensure_ascii=False), "ids": whole, "prefix": whole[:len(given)] == given,
            "mask": [0] * len(given) + [1] * (len(whole) - len(given))})
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (FOLDER / "prompts.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
