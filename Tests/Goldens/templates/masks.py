"""Writes masks.json: for each template and dialogue of turns.py a hash of Jinja2's text, and the texts that are learnt;
null where the row is refused. Dialogues whose turns the definitions do not find are left out.

    python3 masks.py            # transformers 5.24.0, tokenizers 0.23.3 and jinja2 3.1.6 wrote the file in this folder

The texts that are learnt come from transformers' `return_assistant_tokens_mask` where a template marks them with
`{% generation %}`. For every other template a person's definition stands below: what the model is given last, and what
ends its turn, as regular expressions over the text. They know nothing of how Accrete finds a turn.
"""

import datetime
import json
import pathlib
import re

import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers.utils.chat_template_utils import _alias_reasoning_fields, _normalize_chat_messages

import generate
from turns import TURNS

FOLDER = pathlib.Path(__file__).parent
IM = (r"<\|im_start\|>assistant\n", r"<\|im_end\|>")
HEADER = (r"<\|start_header_id\|>assistant<\|end_header_id\|>\n\n", r"<\|eot_id\|>")
INST = (r"\[/INST\]", "</s>")
ROLE = (r"<\|start_of_role\|>assistant<\|end_of_role\|>", r"<\|end_of_text\|>")
MODEL = ("<start_of_turn>model\n", "<end_of_turn>")

# What comes before the model's words, and what ends them.
DEFINITIONS = {
    "chatml": IM, "smollm2": IM, "qwen25": IM, "hermes": IM, "thinking": IM,
    # The prompt opens the thinking; turns before the last question have none.
    "qwen35": (r"<\|im_start\|>assistant\n(?:<think>\n)?", r"<\|im_end\|>"),
    "llama2": INST, "mistral": INST, "mistral_v1": INST,
    "system_last": (r"\[/INST\]|\[/TOOL_RESULTS\](?!\[TOOL)", "</s>"),
    "mistral_v7": (r"\[/(?:INST|TOOL_RESULTS|SYSTEM_PROMPT)\](?!\[INST|\[TOOL_RESULTS|\[AVAILABLE)", "</s>"),
    "llama3": HEADER, "dated": HEADER,
    "zephyr": (r"<\|assistant\|>\n", "</s>"), "olmo2": (r"<\|assistant\|>\n", "</s>"),
    # After the last turn the end of the text is the model's, too.
    "phi3": (r"<\|assistant\|>\n", r"<\|end\|>(?:\n</s>$)?"), "phi4": (r"<\|assistant\|>", r"<\|end\|>(?:</s>$)?"),
    "alpaca": ("### Response:\n", r"(?=\n\n### |\n\n$)"),
    "gemma2": MODEL, "first_turn": MODEL,
    "vicuna": ("ASSISTANT:", "</s>"),
    "command_r": (r"<\|CHATBOT_TOKEN\|>", r"<\|END_OF_TURN_TOKEN\|>"),
    "granite": ROLE, "documents": ROLE,
    "greeting": (r"<\|greeting\|>|<\|assistant\|>", r"<\|end\|>"),
    "opens_think": (r"<\|Assistant\|>|<\|tool▁outputs▁end\|>(?!$)", r"<\|end▁of▁sentence\|>"),
    # An earlier answer ends in <|end|>, but the model writes <|return|>, so that end is not learnt.
    "typed_tools": (
        r"<\|start\|>assistant", r"<\|return\|>|<\|call\|>(?:<\|start\|>assistant to=.*?<\|call\|>)*|(?=<\|end\|>)"),
}
GENERATION = ["generation", "assistant_first", "smollm3", "tagged"]
# Tokens that end the model's turns; after a last turn without one, EOS is learnt.
ENDS = re.compile(r"</s>|<\|im_end\|>|<\|eot_id\|>|<\|end\|>|<end_of_turn>|<\|END_OF_TURN_TOKEN\|>|<\|end_of_text\|>"
                  r"|<\|end▁of▁sentence\|>|<\|return\|>|<\|call\|>")


def fnv(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def tokenizer():
    """A token a byte, so that a mask is a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE({c: i for i, c in enumerate(alphabet)}, []))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bytewise.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=bytewise, bos_token="<s>", eos_token="</s>")


def marked(bytewise, source, dialogue):
    out = bytewise.apply_chat_template(
        dialogue["messages"], tools=dialogue.get("tools"), chat_template=source, return_dict=True,
        return_assistant_tokens_mask=True)
    pieces, ids = [], []
    for token, learnt in zip(out["input_ids"] + [0], out["assistant_masks"] + [0]):
        if learnt:
            ids.append(token)
        elif ids:
            pieces.append(bytewise.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
            ids = []
    return pieces


def defined(name, text, messages):
    begin, end = DEFINITIONS[name]
    found = [m.group(1) for m in re.finditer(f"(?:{begin})(.*?(?:{end}))", text, re.S)]
    if len(found) != sum(m["role"] == "assistant" for m in messages):
        return None
    found = [text.rstrip() for text in found]
    if messages[-1]["role"] == "assistant" and not ENDS.search(found[-1]):
        found[-1] += "</s>"
    return found


def leaves_out(source, dialogue):
    """Jinja renders a dialogue whose tools, calls or thinking the template never asks for; Accrete refuses it."""
    keys = set(dialogue) | {key for message in dialogue["messages"] for key in message}
    words = set(re.findall(r"\w+", source))
    thinking = {"reasoning_content", "thinking", "reasoning"}
    return bool((keys & {"tools", "tool_calls"}) - words) or bool(keys & thinking) and not thinking & words


def main():
    bytewise, rows = tokenizer(), []
    for path in sorted([*FOLDER.glob("*.jinja"), *FOLDER.glob("modern/*.jinja"), *FOLDER.glob("families/*.jinja")]):
        if path.stem not in DEFINITIONS and path.stem not in GENERATION:
            continue
        env = generate.environment()
        env.globals["strftime_now"] = datetime.datetime(2024, 7, 26, 12).strftime
        count = 0
        for name, dialogue in TURNS.items():
            messages = _alias_reasoning_fields(_normalize_chat_messages(dialogue["messages"]))
            try:
                text = env.from_string(path.read_text()).render(
                    messages=messages, tools=dialogue.get("tools"), documents=None, add_generation_prompt=False,
                    bos_token="<s>", eos_token="</s>")
            except Exception:
                text = None
            learnt = None
            if text is not None and not leaves_out(path.read_text(), dialogue):
                generation = path.stem in GENERATION
                learnt = marked(bytewise, path.read_text(), dialogue) if generation else defined(path.stem, text, messages)
                if learnt is None:
                    continue
            count += learnt is not None
            rows.append({
                "template": str(path.relative_to(FOLDER)), "dialogue": name, "hash": text and fnv(text), "learnt": learnt})
        assert count >= 10, (path, count)
    golden = {"transformers": transformers.__version__, "dialogues": TURNS}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps(golden, ensure_ascii=False, indent=1)[:-2]
    (FOLDER / "masks.json").write_text(f'{head},\n "rows": [\n{lines}\n ]\n}}\n')


if __name__ == "__main__":
    main()
