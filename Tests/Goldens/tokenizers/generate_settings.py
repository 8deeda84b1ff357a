#!/usr/bin/env python3
"""Writes settings.json: what transformers makes of a tokenizer.model and the files that stand beside it.

    python generate_settings.py        # transformers 5.24.0 and sentencepiece 0.2.3 wrote the file in this folder

Of each folder: the files beside the model, the roles, the ids of texts, and of one text with what goes around it.
"""

import json
import os
import pathlib
import shutil
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from texts import AWKWARD
from transformers import AutoTokenizer

FOLDER = pathlib.Path(__file__).resolve().parent
MODEL = "bpe-identity-bytes.model"
TEXTS = AWKWARD + [
    "<|im_start|>user hi<|im_end|>", " <|im_start|> user\nhi <|im_end|> \n", "the dog [X] and [X]the fox", "<s> the</s>the",
    "<|im_start|><|im_end|>", "the <|im_start|> <|im_end|>the",
]
CLASS = {"tokenizer_class": "LlamaTokenizer"}
SILENT = {"add_bos_token": False, "add_eos_token": False}
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def token(content, **choices):
    return {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
            "special": True, **choices}


DECODER = {"0": token("<unk>"), "1": token("<s>"), "2": token("</s>"), "520": token("<|im_end|>"),
           "521": token("<|im_start|>"), "522": token("[X]", special=False, lstrip=True)}
ADDED = {"<|im_end|>": 520, "<|im_start|>": 521}
FOLDERS = {
    "chat": {"tokenizer_config.json": {**CLASS, **SILENT, "legacy": False, "bos_token": "<s>", "eos_token": "<|im_end|>",
                                       "pad_token": "<|im_end|>", "unk_token": "<unk>",
                                       "added_tokens_decoder": DECODER, "chat_template": TEMPLATE},
             "added_tokens.json": ADDED},
    "legacy": {"tokenizer_config.json": {**CLASS, "add_bos_token": True, "legacy": True, "added_tokens_decoder": DECODER}},
    "legacy-unsaid": {"tokenizer_config.json": {**CLASS, "add_bos_token": True, "added_tokens_decoder": DECODER}},
    "ends": {"tokenizer_config.json": {**CLASS, "add_bos_token": True, "add_eos_token": True, "legacy": False}},
    "no-prefix": {"tokenizer_config.json": {**CLASS, **SILENT, "add_prefix_space": False, "legacy": False}},
    "added-alone": {"tokenizer_config.json": {**CLASS, **SILENT, "legacy": False, "eos_token": "<|im_end|>"},
                    "added_tokens.json": ADDED,
                    "special_tokens_map.json": {"pad_token": {"content": "<unk>"}}},
    "other-class": {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **SILENT, "legacy": False}},
    "other-class-legacy": {"tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **SILENT},
                           "added_tokens.json": ADDED},
}


def measured(files):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(FOLDER / MODEL, folder + "/tokenizer.model")
        for name, content in files.items():
            (pathlib.Path(folder) / name).write_text(json.dumps(content), encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(folder)
    return {
        "files": {name: json.dumps(content) for name, content in files.items()},
        "bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id,
        "size": len(tokenizer), "template": tokenizer.chat_template,
        "around": tokenizer.encode("the dog"),
        "cases": [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False)} for text in TEXTS],
    }


found = {name: measured(files) for name, files in FOLDERS.items()}
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(golden)}" for name, golden in found.items())
(FOLDER / "settings.json").write_text("{" + lines + "}\n", encoding="utf-8")
