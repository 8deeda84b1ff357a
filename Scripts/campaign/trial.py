"""One trial: a run that is stopped, goes on to its end, and is compared with one that never stopped."""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from ending import differences, drawn, ending, finished_rounds, saved_state
from kinds import Kind
from stopping import Outcome, Profile, Stop, faults_of, launch, stops

AIMS = 6  # the most launches for one stop; a stop that comes too late is aimed anew


def must(outcome: Outcome, what: str) -> None:
    if outcome.code != 0:
        sys.exit(f"stops.py: {what}: {outcome.end}")


class Job:
    """A folder for one trial at a time. Its paths are the same in every trial, since a run's files name them."""

    def __init__(self, number: int, options: argparse.Namespace, shim: Path):
        self.options, self.shim = options, shim
        self.folder = options.folder / f"job-{number}"
        self.trial = self.folder / "trial"
        self.run = self.trial / "run"
        # PoCL's kernel cache has races between processes, and the user's tuning file must not change the bits.
        own = {"POCL_CACHE_DIR": "pocl", "ACCRETE_CACHE": "cache", "ACCRETE_TUNING": "tuning"}
        for name in own.values():
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.environment = dict(os.environ) | {key: str(self.folder / name) for key, name in own.items()}
        self.environment.pop("ACCRETE_DEVICE", None)

    def launch(self, arguments: tuple[str, ...], stop: Stop | None = None, again: tuple[str, ...] = ()) -> Outcome:
        """Launches `train` with `arguments`, and with `again` beside it, where the stop starts a second process."""
        command = [str(self.options.program), "train", str(self.trial / "recipe.yaml")]
        ending = ["--device", self.options.device]
        beside = (lambda: self.launch(again)) if again else None
        return launch([*command, *arguments, *ending], self.environment, self.run, self.shim, stop, beside)

    def begin(self, kind: Kind) -> None:
        """Makes the trial's folder: the recipe, and the finished run that the kind asks for."""
        shutil.rmtree(self.trial, ignore_errors=True)
        self.trial.mkdir(parents=True)
        prepared = self.folder / f"prepared-{kind.name}"
        if kind.finished and not prepared.exists():
            (self.trial / "recipe.yaml").write_text(kind.recipe(self.options.inputs, kind.finished))
            must(self.launch(()), f"the run before {kind.name}")
            self.run.rename(prepared)
        if kind.finished:
            shutil.copytree(prepared, self.run, symlinks=True)
        (self.trial / "recipe.yaml").write_text(kind.recipe(self.options.inputs))

    def reference(self, kind: Kind) -> tuple[Profile, dict[str, str]]:
        """Returns the length and the files of a run that never stops; two such runs are made, and must be equal."""
        file = self.options.folder / "references" / f"{kind.name}.json"
        if not file.exists():
            endings = []
            for _ in range(2):
                self.begin(kind)
                outcome = self.launch(kind.arguments)
                must(outcome, f"a run of {kind.name} that is not stopped")
                endings.append(ending(self.run))
                wrong = differences(endings[0], endings[-1]) + self.redrawn(self.trial / kind.target)
                if wrong:
                    sys.exit(f"stops.py: two runs of {kind.name} that never stopped differ: {'; '.join(wrong[:5])}")
            file.parent.mkdir(exist_ok=True)
            temporary = file.with_suffix(f".{threading.get_ident()}")
            temporary.write_text(json.dumps({"profile": asdict(outcome.profile), "ending": endings[0]}))
            temporary.replace(file)
        read = json.loads(file.read_text())
        return Profile(**read["profile"]), read["ending"]

    def redrawn(self, target: Path) -> list[str]:
        """Returns the drawn files that `report` draws differently: they were drawn before the run's end."""
        before = drawn(target)
        command = [str(self.options.program), "report", str(target)]
        code = subprocess.run(command, env=self.environment, capture_output=True, check=False).returncode
        after = drawn(target)
        stale = [f"{name} is not that of the run's end" for name in after if before.get(name) != after[name]]
        return stale + ([f"report exits {code}"] if code else [])

    def try_stops(self, number: int, kind: Kind, way: str) -> dict:
        """Makes the trial of this number; returns its stops and faults."""
        chance = random.Random(f"{self.options.seed}:{number}")
        profile, expected = self.reference(kind)
        self.begin(kind)
        start, problems, came, logs = time.monotonic(), [], [], []
        arguments, again = kind.arguments, tuple(dict.fromkeys([*kind.arguments, "--resume"]))
        for stop in stops(way, chance):
            outcome, wrong = self.stop(stop, kind, arguments, again, profile, chance)
            met = f" at {outcome.met}" if outcome.met else ""
            problems += [f"{stop}{met}: {problem}" for problem in wrong]
            came.append({"stop": str(stop), "met": outcome.met, "code": outcome.code, "came": stop.came(outcome)})
            logs += [outcome.lines] + ([outcome.second.lines] if outcome.second else [])
            arguments = again
        outcome, wrong = self.guarded(kind, again)
        logs.append(outcome.lines)
        problems += [f"resumed: {problem}" for problem in wrong]
        if outcome.code != 0:
            problems.append(f"resumed: {outcome.end}")
        else:
            problems += differences(expected, ending(self.run)) + self.redrawn(self.trial / kind.target)
        if problems:
            self.keep(f"{number}-{kind.name}-{way}", logs)
        return {
            "trial": number, "kind": kind.name, "way": way, "stops": came, "problems": problems,
            "seconds": round(time.monotonic() - start, 3),
        }

    def stop(
        self, stop: Stop, kind: Kind, arguments: tuple, again: tuple, profile: Profile, chance: random.Random
    ) -> tuple[Outcome, list[str]]:
        """Launches until the stop comes before the run's end; a launch whose stop came too late is undone."""
        before = self.folder / "before"
        for aim in range(AIMS):
            shutil.rmtree(before, ignore_errors=True)
            if self.run.exists():
                shutil.copytree(self.run, before, symlinks=True)
            stop.aim(profile)
            outcome, wrong = self.guarded(kind, arguments, stop, again)
            if stop.came(outcome):
                return outcome, wrong + faults_of(stop, outcome)
            if outcome.code != 0:
                return outcome, [*wrong, outcome.end]
            if aim + 1 < AIMS:
                shutil.rmtree(self.run, ignore_errors=True)
                if before.exists():
                    before.rename(self.run)
                profile, stop.share = outcome.profile, chance.random()
        return outcome, wrong

    def guarded(
        self, kind: Kind, arguments: tuple, stop: Stop | None = None, again: tuple = ()
    ) -> tuple[Outcome, list[str]]:
        """Launches the program; returns the outcome, and the damage to work that was saved before."""
        target = self.trial / kind.target
        finished, state = finished_rounds(self.run), saved_state(target)
        outcome = self.launch(arguments, stop, again)
        after = finished_rounds(self.run, finished)
        wrong = [f"{name}, of a finished round, was written over" for name in finished if after[name] != finished[name]]
        repeated = [step for step in outcome.steps if state and step <= state]
        if repeated:
            wrong.append(f"step {repeated[0][1]} of round {repeated[0][0]} was taken again, and {state} had been saved")
        interrupted = outcome.code > 128 and outcome.steps
        if interrupted and (saved_state(target) or (0, 0)) < outcome.steps[-1]:
            wrong.append(f"steps are lost: {saved_state(target)} is saved after step {outcome.steps[-1]}")
        return outcome, wrong

    def keep(self, name: str, logs: list[list[str]]) -> None:
        """Moves the trial's folder aside, with each launch's lines of stderr."""
        target = self.options.folder / "failed" / name
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(exist_ok=True)
        for index, lines in enumerate(logs, 1):
            (self.trial / f"log-{index}.txt").write_text("".join(line + "\n" for line in lines))
        self.trial.rename(target)
