#!/usr/bin/env python3
"""Writes Tests/Goldens/schedules/schedules.json: learning rates and warm-up steps as transformers computes them.

Made with transformers 5.24.0, torch 2.13.0; no random numbers. `rates[s - 1]` is the rate after s steps of a scheduler
over a peak of 1: ours of step s, whose warm-up begins with a step of 1/warmup of the peak.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import TrainingArguments

FILE = Path(__file__).resolve().parent / "schedules" / "schedules.json"
RESTARTS = [(0, 10, 1), (3, 30, 2), (2, 17, 3), (5, 24, 4), (0, 12, 6), (12, 8, 2), (4, 5, 3)]
RATIOS = [(100, 0.03), (100, 0.07), (7, 0.5), (1000, 0.1), (33, 0.06), (100, 0.29), (10, 0.0), (1, 0.5), (3, 0.999)]


def rates(warmup: int, total: int, cycles: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = transformers.get_cosine_with_hard_restarts_schedule_with_warmup(optimizer, warmup, total, cycles)
    found = []
    for _ in range(total):
        optimizer.step()
        schedule.step()
        found.append(schedule.get_last_lr()[0])
    return found


def warmup_steps(total: int, ratio: float) -> int:
    return TrainingArguments(output_dir="/tmp", use_cpu=True, warmup_steps=ratio).get_warmup_steps(total)


def main() -> None:
    FILE.parent.mkdir(exist_ok=True)
    content = {
        "restarts": [
            {"warmup": warmup, "total": total, "cycles": cycles, "rates": rates(warmup, total, cycles)}
            for warmup, total, cycles in RESTARTS
        ],
        "ratios": [
            {"total": total, "ratio": ratio, "steps": warmup_steps(total, ratio)} for total, ratio in RATIOS
        ],
    }
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {FILE.stat().st_size} bytes, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
