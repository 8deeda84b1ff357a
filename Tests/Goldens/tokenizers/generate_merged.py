#!/usr/bin/env python3
"""Writes merged.json: what transformers makes of vocab.json and merges.txt, by the class that the files beside them name.

    python generate_merged.py          # transformers 5.24.0 wrote the file in this folder

The vocabulary is that of patterns/models.json; of each folder the file holds the other files, the roles and ids of texts.
"""

import json
import os
import pathlib
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from texts import AWKWARD
from transformers import AutoTokenizer

FOLDER = pathlib.Path(__file__).resolve().parent
MODEL = json.loads((FOLDER / "patterns/models.json").read_text(encoding="utf-8"))["base"]["model"]
SIZE = len(MODEL["vocab"])
TEXTS = AWKWARD[10:40:2] + ["<|open|>user hi<|turn|>\n", "a<|endoftext|> b <tool> c"]


def token(content, **choices):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
            "special": True, **choices}


CHAT = {str(SIZE): token("<|endoftext|>"), str(SIZE + 1): token("<|open|>"), str(SIZE + 2): token("<|turn|>"),
        str(SIZE + 3): token("<tool>", special=False)}
FOLDERS = {
    "gpt2": {"tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer"}},
    "gpt2-prefix": {"tokenizer_config.json": {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True,
                                              "add_bos_token": True, "eos_token": "<|turn|>"}},
    "gpt2-map": {"tokenizer_config.json": {"tokenizer_class": "GPT2TokenizerFast"},
                 "special_tokens_map.json": {"eos_token": "<|turn|>"}},
    "qwen2": {"tokenizer_config.json": {
        "tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|turn|>", "pad_token": "<|endoftext|>",
        "unk_token": None, "added_tokens_decoder": CHAT, "chat_template": "{{ messages[0]['content'] }}"}},
    "qwen2-added": {"tokenizer_config.json": {"tokenizer_class": "Qwen2TokenizerFast", "eos_token": "<|turn|>",
                                              "additional_special_tokens": ["<|open|>", "<|turn|>"]},
                    "added_tokens.json": {"<|endoftext|>": SIZE, "<|open|>": SIZE + 1, "<|turn|>": SIZE + 2}},
    "qwen2-unnamed": {"config.json": {"model_type": "qwen2"}},
    "gpt-neox": {"tokenizer_config.json": {"tokenizer_class": "GPTNeoXTokenizer"}},
    "codegen": {"tokenizer_config.json": {"tokenizer_class": "CodeGenTokenizer"}},
}


def measured(files):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "vocab.json").write_text(json.dumps(MODEL["vocab"]), encoding="utf-8")
        (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MODEL["merges"]) + "\n", encoding="utf-8")
        for path, content in files.items():
            (folder / path).write_text(json.dumps(content), encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(folder)
    return {
        "files": {path: json.dumps(content) for path, content in files.items()},
        "bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id,
        "unk": tokenizer.unk_token_id, "size": len(tokenizer), "template": tokenizer.chat_template,
        "around": tokenizer.encode("the dog"),
        "cases": [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False)} for text in TEXTS],
    }


found = {name: measured(files) for name, files in FOLDERS.items()}
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(golden, separators=(',', ':'))}" for name, golden in found.items())
(FOLDER / "merged.json").write_text("{" + lines + "}\n", encoding="utf-8")
