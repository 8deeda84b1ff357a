"""Makes peft/: LoRA adapters that PEFT wrote for training/model and peft/base, and what 20 steps from them must give.

Run: python Tests/Goldens/generate_peft.py, with torch, transformers and peft, after generate_training.py. With names of
runs as arguments it makes those alone, and leaves the files of the others as they are.

  base/          Hugging Face folder, float32: a model with biases whose output projection is not its embedding
  NAME/          an adapter as PEFT saves it, its B and its saved modules changed, so that what is wrong shows
  expected.json  settings (keys as in a recipe), "ids", and "runs", each with its adapter's name, rank, alpha, use_rslora,
                 target_modules, rank_pattern, alpha_pattern, modules_to_save, trainable_token_indices, bias,
                 loraplus_lr_ratio, …, and:
                   logprobs    ln p(ids[i + 1] given ids[0 ... i]) of the base with the adapter
                   losses      of 20 AdamW steps on training/rows.jsonl from the adapter, each before its update; where
                               "optimizer" says so, of Lion's; with loraplus_lr_ratio, by create_loraplus_optimizer
                   grad_norms  of each step, before clipping, over the adapter's weights

In float64, by PEFT's own modules around transformers' model.
"""

import json
import shutil
import sys
from pathlib import Path

# The folder of that name beside this script is no package.
sys.modules["bitsandbytes"] = None

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

import generate_training as training
from model_folders import write_json, write_model

HERE = Path(__file__).parent / "peft"
IDS = [5, 17, 40, 99, 3, 121, 64, 64, 2, 158, 31]
SETTINGS = dict(training.SETTINGS, learning_rate=5e-3, weight_decay=0.0, gradient_accumulation_steps=1, max_grad_norm=1.0)
ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RUNS = (
    dict(name="all-linear", rank=4, alpha=8.0, use_rslora=False, target_modules=ALL_LINEAR,
         rank_pattern={"down_proj": 6}, alpha_pattern={"q_proj": 3.0}),
    dict(name="rslora", rank=5, alpha=2.0, use_rslora=True, target_modules=["q_proj", "v_proj"],
         rank_pattern={}, alpha_pattern={}),
    dict(name="dora", rank=3, alpha=6.0, use_rslora=False, use_dora=True, target_modules=ALL_LINEAR,
         rank_pattern={}, alpha_pattern={}),
    # The base's embedding is its output projection: one matrix, which PEFT saves twice.
    dict(name="saved", rank=2, alpha=4.0, use_rslora=False, target_modules=["q_proj", "v_proj"],
         rank_pattern={}, alpha_pattern={}, modules_to_save=["model.norm", "model.embed_tokens"]),
)
# Those that come later than the others, so that the files of the others stay as they are.
PLAIN = dict(rank=3, alpha=6.0, use_rslora=False, rank_pattern={}, alpha_pattern={})
LATER = (
    # Embedding and output projection are one matrix in the base, and two after this adapter.
    dict(PLAIN, name="tables-tied", target_modules=["q_proj", "embed_tokens", "lm_head"]),
    dict(PLAIN, name="tables", base="base", target_modules=["v_proj", "embed_tokens", "lm_head"],
         rank_pattern={"embed_tokens": 5}),
    dict(PLAIN, name="head", base="base", target_modules=["lm_head"]),
    dict(PLAIN, name="biases-all", base="base", target_modules=["q_proj", "down_proj"], bias="all"),
    dict(PLAIN, name="biases-adapted", base="base", target_modules=["q_proj", "down_proj"], bias="lora_only"),
    dict(PLAIN, name="loraplus", base="base", target_modules=["q_proj", "down_proj", "embed_tokens", "lm_head"],
         bias="all", loraplus_lr_ratio=8.0, loraplus_lr_embedding=2e-3, learning_rate=1e-3, weight_decay=0.1),
    dict(PLAIN, name="loraplus-lion", base="base", target_modules=["q_proj", "down_proj", "embed_tokens"],
         loraplus_lr_ratio=4.0, loraplus_lr_embedding=5e-4, learning_rate=3e-4, weight_decay=0.1, optimizer="lion"),
    # Read alone: training them is not what PEFT does, or not different from the others.
    dict(PLAIN, name="tables-ensured", target_modules=["q_proj", "embed_tokens"], ensure_weight_tying=True, trains=False),
    dict(PLAIN, name="dora-head", base="base", target_modules=["v_proj", "lm_head"], use_dora=True, trains=False),
    dict(PLAIN, name="pissa-converted", target_modules=["q_proj", "v_proj"], trains=False),
    dict(PLAIN, name="state-dict", base="base", target_modules=["q_proj", "embed_tokens"],
         modules_to_save=["model.norm"], trains=False),
)
# Rows of single tokens; weight decay is to pull the rows themselves, not what they differ by.
TOKENS = (
    # One matrix: the rows are those of embedding and output projection.
    dict(PLAIN, name="tokens-tied", target_modules=["q_proj", "v_proj"], trainable_token_indices=[64, 5, 2, 159],
         weight_decay=0.1),
    # A row of each, and one of the embedding's alone.
    dict(PLAIN, name="tokens", base="base", target_modules=["q_proj", "down_proj"],
         trainable_token_indices={"embed_tokens": [64, 5, 2], "lm_head": [5, 121]}),
)
BASE = dict(
    vocab_size=160, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=4,
    num_key_value_heads=2, rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=False, torch_dtype="float32",
    attention_bias=True, mlp_bias=True)


def base_of(choices):
    return HERE / choices["base"] if "base" in choices else training.HERE / "model"


def adapted(choices, seed):
    torch.manual_seed(seed)
    base = LlamaForCausalLM.from_pretrained(base_of(choices), dtype=torch.float32, attn_implementation="eager")
    config = LoraConfig(
        task_type="CAUSAL_LM", r=choices["rank"], lora_alpha=choices["alpha"], use_rslora=choices["use_rslora"],
        target_modules=choices["target_modules"], rank_pattern=choices["rank_pattern"],
        alpha_pattern=choices["alpha_pattern"], use_dora=choices.get("use_dora", False),
        modules_to_save=choices.get("modules_to_save"),
        trainable_token_indices=choices.get("trainable_token_indices"), bias=choices.get("bias", "none"),
        ensure_weight_tying=choices.get("ensure_weight_tying", choices["name"] == "saved"),
        init_lora_weights="pissa" if choices["name"] == "pissa-converted" else True)
    model = get_peft_model(base, config)
    if choices["name"] == "pissa-converted":
        model.peft_config["default"].init_lora_weights = True
        model.save_pretrained(HERE / "initial")
        model.peft_config["default"].init_lora_weights = "pissa"
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if choices["name"] == "pissa-converted" and "lora_B" in name:
                parameter.add_(0.1 * torch.randn(parameter.shape))
            elif "lora_B" in name or "lora_embedding_A" in name:
                parameter.copy_(0.1 * torch.randn(parameter.shape))
            elif parameter.requires_grad and "lora_" not in name:
                parameter.add_(0.02 * torch.randn(parameter.shape))
    if choices.get("ensure_weight_tying"):
        # PEFT's two names of the embedding's adapter are meant to have the same numbers.
        embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
        with torch.no_grad():
            head.lora_A["default"].weight.copy_(embedding.lora_embedding_B["default"].T)
            head.lora_B["default"].weight.copy_(embedding.lora_embedding_A["default"].T)
    return model


def save(model, choices):
    folder = HERE / choices["name"]
    if choices["name"] == "pissa-converted":
        # PEFT opens the initial adapter by the name of its folder, and writes the difference to it.
        model.save_pretrained(folder, path_initial_model_for_weight_conversion=str(HERE / "initial"))
        shutil.rmtree(HERE / "initial")
    else:
        model.save_pretrained(folder)
    if choices["name"] == "state-dict":
        save_file(
            {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items()},
            folder / "adapter_model.safetensors")


class Lion(training.Lion):
    """Lion with the arguments that create_loraplus_optimizer passes."""

    def __init__(self, groups, **_):
        super().__init__(groups)


def optimizer_of(model, choices):
    name, rate = choices.get("optimizer", "adamw"), choices.get("learning_rate", SETTINGS["learning_rate"])
    if "loraplus_lr_ratio" not in choices:
        return name
    arguments = dict(
        lr=rate, loraplus_lr_ratio=choices["loraplus_lr_ratio"], loraplus_weight_decay=choices["weight_decay"],
        loraplus_lr_embedding=choices["loraplus_lr_embedding"])
    if name == "adamw":
        arguments |= dict(
            betas=(SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]), eps=SETTINGS["adam_epsilon"], foreach=False)
    optimizer = create_loraplus_optimizer(model, Lion if name == "lion" else torch.optim.AdamW, **arguments)
    for group in optimizer.param_groups:
        group["factor"] = group["lr"] / rate
    return optimizer


def main():
    wanted = sys.argv[1:]
    before = {}
    if wanted:
        before = {run["name"]: run for run in json.loads((HERE / "expected.json").read_text())["runs"]}
    else:
        shutil.rmtree(HERE, ignore_errors=True)
        write_model(HERE / "base", BASE, 2900, gain=training.GAIN)
    rows = [json.loads(line) for line in (training.HERE / "rows.jsonl").read_text().splitlines()]
    runs = []
    for number, choices in enumerate(RUNS + LATER + TOKENS):
        if wanted and choices["name"] not in wanted:
            runs.append(before[choices["name"]])
            continue
        model = adapted(choices, 3000 + number)
        save(model, choices)
        (HERE / choices["name"] / "README.md").unlink(missing_ok=True)
        config = HERE / choices["name"] / "adapter_config.json"
        text = json.loads(config.read_text())
        text["base_model_name_or_path"] = "../../peft/base" if "base" in choices else "../../training/model"
        text["target_modules"] = sorted(text["target_modules"])
        config.write_text(json.dumps(text, indent=2, sort_keys=True) + "\n")
        for file in (HERE / choices["name"]).iterdir():
            file.chmod(0o644)
        model.double()

        def score(ids):
            ids = torch.tensor([ids])
            return model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]

        logprobs = score(IDS).tolist()
        if not choices.get("trains", True):
            runs.append({**choices, "logprobs": logprobs})
            continue
        training.SETTINGS = dict(SETTINGS, weight_decay=choices.get("weight_decay", SETTINGS["weight_decay"]))
        trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        result = training.run(
            trained, score, rows, SETTINGS["gradient_accumulation_steps"], SETTINGS["max_grad_norm"],
            optimizer=optimizer_of(model, choices), learning_rate=choices.get("learning_rate", SETTINGS["learning_rate"]))
        runs.append({**choices, "logprobs": logprobs, "losses": result["losses"], "grad_norms": result["grad_norms"]})
        print(choices["name"], [round(x, 4) for x in result["losses"]])
    write_json(HERE / "expected.json", {
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
        "settings": SETTINGS,
        "ids": IDS,
        "runs": runs,
    })


if __name__ == "__main__":
    main()
