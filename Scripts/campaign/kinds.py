"""The kinds of runs that are stopped: small recipes that together write every kind of file of a run."""

from dataclasses import dataclass
from pathlib import Path

FRESH = "{preset: tiny, tokenizer: {vocab_size: 259}}"
ROUNDS = ("one", "two", "three")
COMMON = """\
output_dir: run
seed: 3
sequence_length: 48
per_device_train_batch_size: 2
learning_rate: 3.0e-3
warmup_steps: 2
save_steps: 2
"""



@dataclass(frozen=True)
class Kind:
    name: str
    base: str = FRESH  # INPUTS stands for the folder of the inputs
    keys: tuple[str, ...] = ("max_steps: 5",)
    rounds: int = 2
    tasks: tuple[str, ...] = ("one",)  # rounds whose answers are scored
    asked: str = "{max_examples: 2, max_new_tokens: 3}"  # the recipe's `evaluation`
    of_round: tuple[tuple[str, str], ...] = ()  # a round's own keys
    finished: int = 0  # rounds of a finished run that the stopped command continues; 0: it starts anew
    arguments: tuple[str, ...] = ()  # arguments of the stopped command
    target: str = "run"  # the run that the stopped command trains

    def recipe(self, inputs: Path, rounds: int | None = None) -> str:
        """Returns the recipe as YAML, with its first `rounds` rounds; None: all of them."""
        base = self.base.replace("INPUTS", str(inputs))
        lines = [f"base: {base}", f"evaluation: {self.asked}", *self.keys, "rounds:"]
        for name in ROUNDS[:rounds or self.rounds]:
            keys = [f"name: {name}", f"train: {inputs}/{name}.jsonl", f"valid: {inputs}/{name}-valid.jsonl"]
            keys += ["task: qa"] if name in self.tasks else []
            keys += [key for round_name, key in self.of_round if round_name == name]
            lines.append("  - {" + ", ".join(keys) + "}")
        return COMMON + "\n".join(lines) + "\n"


def adapters(between: str, dtype: str) -> Kind:
    keys = ("max_steps: 3", f"method: {{type: lora, rank: 2, between_rounds: {between}}}")
    return Kind(f"lora-{between}", base=f"{{model: INPUTS/base, dtype: {dtype}}}", keys=keys, rounds=3)


BEST = ("max_steps: 5", "eval_steps: 2", "load_best_model_at_end: true", "early_stopping_patience: 1")
KINDS = {
    kind.name: kind
    for kind in [
        Kind("full"),
        Kind("files", base="{model: INPUTS/base}"),
        Kind("tokenizer", base=FRESH.replace("259", "270")),
        adapters("merge", "fp32"),
        adapters("continue", "bf16"),
        adapters("stack", "nf4"),
        Kind("moments-8bit", keys=("max_steps: 5", "optim: adamw_8bit")),
        Kind("reverse", keys=("max_steps: 5", "objective: {reverse: 0.5, unit: segment}")),
        # The best model of the first and of the last round is the last one; that of the second is an earlier one, after
        # which the round ends early. Answers take so long that many stops come while they are generated.
        Kind(
            "best", keys=BEST, rounds=3, tasks=ROUNDS, asked="{max_examples: 6, max_new_tokens: 48}",
            of_round=(("two", "learning_rate: 0.2"),)),
        Kind(
            "branch", finished=2, target="run/branches/slow",
            arguments=("rounds.1.learning_rate=1e-5", "--branch", "slow", "--from-round", "2")),
        Kind("added", finished=1, arguments=("--resume", "--accept", "rounds.1")),
    ]
}


def write_inputs(inputs: Path) -> None:
    """Writes training and held-out rows for each round; no two rows have the same words."""
    for name in ROUNDS:
        for suffix, numbers in (("", range(20)), ("-valid", range(20, 26))):
            rows = (f'{{"prompt": "{name} {n}:", "response": " {name}{"!" * (n % 5)}"}}\n' for n in numbers)
            (inputs / f"{name}{suffix}.jsonl").write_text("".join(rows))
