"""Makes peft/families.json and peft/NAME/: adapters of PEFT on models whose files fuse matrices (families/phi3).

Run: python Tests/Goldens/generate_peft_families.py, with torch, transformers and peft, after generate_families.py. The
form is that of generate_peft.py, with the base's name in each run.
"""

import json
import shutil

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

import generate_families as families
import generate_peft as plain
import generate_training as training
from float64 import everywhere
from model_folders import write_json

FUSED = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]
SETTINGS = dict(families.SETTINGS, learning_rate=5e-3, weight_decay=0.0)
RUNS = (
    dict(name="phi3-lora", base="phi3", rank=4, alpha=8.0, use_rslora=False, target_modules=FUSED,
         rank_pattern={"gate_up_proj": 6}, alpha_pattern={}),
    dict(name="phi3-dora", base="phi3", rank=3, alpha=6.0, use_rslora=False, use_dora=True, target_modules=FUSED,
         rank_pattern={}, alpha_pattern={}),
)


def adapted(choices, seed):
    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(
        families.HERE / choices["base"], dtype=torch.float32, attn_implementation="eager")
    model = get_peft_model(base, LoraConfig(
        task_type="CAUSAL_LM", r=choices["rank"], lora_alpha=choices["alpha"], target_modules=choices["target_modules"],
        rank_pattern=choices["rank_pattern"], use_dora=choices.get("use_dora", False)))
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "lora_B" in name:
                parameter.copy_(0.1 * torch.randn(parameter.shape))
            elif "magnitude" in name:
                parameter.add_(0.02 * torch.randn(parameter.shape))
    return model


def main():
    rows = [json.loads(line) for line in (families.HERE / "rows.jsonl").read_text().splitlines()]
    training.SETTINGS = SETTINGS
    runs = []
    for number, choices in enumerate(RUNS):
        folder = plain.HERE / choices["name"]
        shutil.rmtree(folder, ignore_errors=True)
        model = adapted(choices, 3100 + number)
        model.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        config = folder / "adapter_config.json"
        text = json.loads(config.read_text())
        text["base_model_name_or_path"] = f"../../families/{choices['base']}"
        text["target_modules"] = sorted(text["target_modules"])
        config.write_text(json.dumps(text, indent=2, sort_keys=True) + "\n")
        for file in folder.iterdir():
            file.chmod(0o644)
        model.double()

        def score(ids):
            ids = torch.tensor([ids])
            return model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]

        with everywhere():
            ids = [token % 131 for token in plain.IDS]
            logprobs = score(ids).tolist()
            trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
            result = training.run(
                trained, score, rows, 1, SETTINGS["max_grad_norm"], learning_rate=SETTINGS["learning_rate"])
        runs.append({**choices, "logprobs": logprobs, "losses": result["losses"], "grad_norms": result["grad_norms"]})
        print(choices["name"], [round(x, 4) for x in result["losses"]])
    write_json(plain.HERE / "families.json", {"settings": SETTINGS, "ids": ids, "runs": runs})


if __name__ == "__main__":
    main()
