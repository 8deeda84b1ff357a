"""Makes peft/: LoRA adapters that PEFT wrote for training/model, and what 20 steps from them must give.

Run: python Tests/Goldens/generate_peft.py, with torch, transformers and peft, after generate_training.py.

  NAME/          an adapter as PEFT saves it, its B and its saved modules changed, so that what is wrong shows
  expected.json  settings (keys as in a recipe), "ids", and "runs", each with its adapter's name, rank, alpha, use_rslora,
                 target_modules, rank_pattern, alpha_pattern, modules_to_save, and:
                   logprobs    ln p(ids[i + 1] given ids[0 ... i]) of the base with the adapter
                   losses      of 20 AdamW steps on training/rows.jsonl from the adapter, each before its update
                   grad_norms  of each step, before clipping, over the adapter's weights

In float64, by PEFT's own modules around transformers' model.
"""

import json
import shutil
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM

import generate_training as training
from model_folders import write_json

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


def adapted(choices, seed):
    torch.manual_seed(seed)
    base = LlamaForCausalLM.from_pretrained(
        training.HERE / "model", dtype=torch.float32, attn_implementation="eager")
    config = LoraConfig(
        task_type="CAUSAL_LM", r=choices["rank"], lora_alpha=choices["alpha"], use_rslora=choices["use_rslora"],
        target_modules=choices["target_modules"], rank_pattern=choices["rank_pattern"],
        alpha_pattern=choices["alpha_pattern"], use_dora=choices.get("use_dora", False),
        modules_to_save=choices.get("modules_to_save"), ensure_weight_tying="modules_to_save" in choices)
    model = get_peft_model(base, config)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "lora_B" in name:
                parameter.copy_(0.1 * torch.randn(parameter.shape))
            elif parameter.requires_grad and "lora_" not in name:
                parameter.add_(0.02 * torch.randn(parameter.shape))
    return model


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    rows = [json.loads(line) for line in (training.HERE / "rows.jsonl").read_text().splitlines()]
    training.SETTINGS = SETTINGS
    runs = []
    for number, choices in enumerate(RUNS):
        model = adapted(choices, 3000 + number)
        model.save_pretrained(HERE / choices["name"])
        (HERE / choices["name"] / "README.md").unlink(missing_ok=True)
        config = HERE / choices["name"] / "adapter_config.json"
        text = json.loads(config.read_text())
        text["base_model_name_or_path"] = "../../training/model"
        text["target_modules"] = sorted(text["target_modules"])
        config.write_text(json.dumps(text, indent=2, sort_keys=True) + "\n")
        for file in (HERE / choices["name"]).iterdir():
            file.chmod(0o644)
        model.double()

        def score(ids):
            ids = torch.tensor([ids])
            return model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]

        logprobs = score(IDS).tolist()
        trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        result = training.run(trained, score, rows, SETTINGS["gradient_accumulation_steps"], SETTINGS["max_grad_norm"])
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
