"""Writes rows of random ids, every one supervised, and a recipe that trains a preset with random weights on them."""
import json
import random


def write(folder, preset, rows, length, *, steps, precision="fp32"):
    """Writes rows.jsonl and recipe.yaml (JSON is YAML) into the folder, a pathlib.Path; returns the recipe's path.

    A step is one micro-batch of `rows` rows of `length` tokens; the run goes into folder/run, a line of metrics a step.
    """
    generator = random.Random(0)
    with open(folder / "rows.jsonl", "w", encoding="utf-8") as file:
        for _ in range(rows * 4):
            # The packed stream cuts at sequence_length, and the first token of a row is never predicted.
            ids = [generator.randrange(259) for _ in range(length)]
            file.write(json.dumps({"input_ids": ids, "labels": ids}) + "\n")
    recipe = {
        "output_dir": str(folder / "run"), "base": {"preset": preset}, "precision": precision, "sequence_length": length,
        "per_device_train_batch_size": rows, "max_steps": steps, "learning_rate": 1e-4, "save_steps": 1000,
        "logging_steps": 1, "rounds": [{"name": "rows", "train": str(folder / "rows.jsonl")}],
    }
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    return folder / "recipe.yaml"
