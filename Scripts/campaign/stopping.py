"""Ways of stopping a run, and one launch of the program under one of them."""

import errno
import os
import random
import re
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# Kinds of calls and the layout of the report, as in fault.c.
CALLS = ("create", "open", "write", "fsync", "rename", "unlink", "make", "truncate", "close", "read")
REPORT = struct.Struct(f"={len(CALLS) + 2}Q512s")
CHANGING = tuple(call for call in CALLS if call != "read")
# Calls whose failure a run may ignore: a file that stays behind is removed later.
DISPENSABLE = ("unlink", "unlinkat", "rmdir", "close")
LIMIT = 120  # seconds after which a run, which usually takes one second, counts as hanging


@dataclass
class Profile:
    """The length of a launch in seconds, log lines and file calls, from which the place of a stop is drawn."""

    seconds: float
    lines: int
    calls: dict[str, int]


@dataclass
class Outcome:
    code: int  # negative: the signal that ended the process
    lines: list[str]  # lines of stderr
    profile: Profile
    met: str  # the file call at which the fault happened, with its path within the run; empty: none
    hangs: bool
    second: "Outcome | None" = None  # the outcome of the run that was started beside this one

    @property
    def errors(self) -> list[str]:
        return [line for line in self.lines if line.lower().startswith("error: ")]

    @property
    def steps(self) -> list[tuple[int, int]]:
        """The steps that were taken, each with its round."""
        found = (re.match(r"round (\d+) .*  step (\d+)/", line) for line in self.lines)
        return [(int(match[1]), int(match[2])) for match in found if match]

    @property
    def end(self) -> str:
        """A description of the end, for people."""
        last = f": {self.lines[-1][:300]}" if self.lines else ""
        return f"it had not ended after {LIMIT} s" if self.hangs else f"exit {self.code}{last}"


@dataclass
class Stop:
    """A stop of a run, at a share of its seconds, of its log lines or of its file calls."""

    share: float
    by: str  # the unit of the share: seconds, lines or calls
    how: str = ""  # FAULT_HOW, for a stop at a file call; twice: another run is started beside this one
    number: int = signal.SIGKILL  # the signal's or the error's number
    calls: tuple[str, ...] = CHANGING
    times: int = 1  # calls that fail; 0: all from the place on
    place: float = field(default=0, init=False)

    def aim(self, profile: Profile) -> None:
        """Sets the place of the stop, for a launch that is expected to be as long as `profile`."""
        if self.by == "seconds":
            self.place = self.share * profile.seconds
        else:
            total = profile.lines if self.by == "lines" else sum(profile.calls[call] for call in self.calls)
            self.place = 1 + int(self.share * total)

    @property
    def fails(self) -> bool:
        """True where file calls fail, instead of the process being ended."""
        return self.how in ("error", "full")

    def came(self, outcome: Outcome) -> bool:
        """Returns True where the stop came before the run ended by itself."""
        if self.how == "twice":
            return outcome.second is not None
        return bool(outcome.met) if self.fails else outcome.code != 0

    def __str__(self) -> str:
        what = errno.errorcode[self.number] if self.fails else signal.Signals(self.number).name
        if self.by == "seconds":
            return f"{what} after {self.place:.3f} s"
        if self.by == "lines":
            return f"{'a second run' if self.how == 'twice' else what} after line {self.place} of the log"
        where = {"before": "before", "middle": "within", "after": "after"}.get(self.how, "at" if self.times else "from")
        kinds = "" if self.calls == CHANGING else f" ({', '.join(self.calls)})"
        return f"{what} {where} file call {self.place}{kinds}"


def signalled(number: int, chance: random.Random) -> Stop:
    by = chance.choice(("seconds", "lines", "calls"))
    return Stop(chance.random(), by, "signal" if by == "calls" else "", number)


def failing(number: int, calls: tuple[str, ...], chance: random.Random) -> Stop:
    return Stop(chance.random(), "calls", "error", number, calls, chance.choice((1, 0)))


SINGLE: dict[str, Callable[[random.Random], Stop]] = {
    "kill": lambda chance: Stop(chance.random(), "seconds"),
    "kill-call": lambda chance: Stop(chance.random(), "calls", chance.choice(("before", "middle", "after"))),
    "term": lambda chance: signalled(signal.SIGTERM, chance),
    "int": lambda chance: signalled(signal.SIGINT, chance),
    "hup": lambda chance: signalled(signal.SIGHUP, chance),
    "eio": lambda chance: failing(errno.EIO, CHANGING, chance),
    "full": lambda chance: Stop(chance.random(), "calls", "full", errno.ENOSPC, times=0),
    "emfile": lambda chance: failing(errno.EMFILE, ("create", "open", "read"), chance),
    "rename": lambda chance: failing(errno.EIO, ("rename",), chance),
    "fsync": lambda chance: failing(errno.EIO, ("fsync",), chance),
    "read": lambda chance: failing(chance.choice((errno.EIO, errno.EACCES)), ("read",), chance),
    "twice": lambda chance: Stop(chance.random(), "lines", "twice"),
}
WAYS = (*SINGLE, "row")


def stops(way: str, chance: random.Random) -> list[Stop]:
    """Returns the stops of a trial, in order."""
    if way == "row":
        return [SINGLE[chance.choice(tuple(SINGLE))](chance) for _ in range(chance.randint(2, 4))]
    # Unreadable files matter to a resumed run, so one stop comes before.
    before = [SINGLE["kill-call"](chance)] if way in ("read", "emfile") else []
    return [*before, SINGLE[way](chance)]


def launch(
    command: list[str], environment: dict[str, str], run: Path, shim: Path, stop: Stop | None = None,
    beside: Callable[[], Outcome] | None = None,
) -> Outcome:
    """Launches the program on the run's folder, and stops it at the place of `stop`.

    `beside` launches a second process on the same folder, where the stop asks for one; the first waits meanwhile.
    """
    report = run.parent / f"calls-{threading.get_ident()}-{'beside' if beside is None else 'run'}"
    report.unlink(missing_ok=True)
    faults = {"FOLDER": run, "REPORT": report, "CALLS": ",".join(stop.calls if stop else CHANGING)}
    if stop and stop.by == "calls":
        faults |= {"AT": stop.place, "HOW": stop.how, "NUMBER": int(stop.number), "TIMES": stop.times}
    variables = {f"FAULT_{key}": str(value) for key, value in faults.items()}
    environment = environment | variables | {"LD_PRELOAD": str(shim)}
    start = time.monotonic()
    process = subprocess.Popen(
        command, env=environment, cwd=run.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
    hung = threading.Event()
    timers = [threading.Timer(LIMIT, lambda: (hung.set(), os.killpg(process.pid, signal.SIGKILL)))]
    if stop and stop.by == "seconds":
        timers.append(threading.Timer(stop.place, lambda: process.send_signal(stop.number)))
    for timer in timers:
        timer.start()
    lines, second = [], None
    try:
        for line in process.stderr:
            lines.append(line.rstrip("\n"))
            if not stop or stop.by != "lines" or len(lines) != stop.place:
                continue
            if stop.how != "twice":
                process.send_signal(stop.number)
            elif process.poll() is None:
                process.send_signal(signal.SIGSTOP)
                second = beside()
                process.send_signal(signal.SIGCONT)
        code = process.wait()
    finally:
        for timer in timers:
            timer.cancel()
        process.kill()
    seconds = time.monotonic() - start
    found = report.read_bytes() if report.exists() else b""
    *counts, _, _, call = REPORT.unpack(found.ljust(REPORT.size, b"\0"))
    report.unlink(missing_ok=True)
    met = call.split(b"\0")[0].decode(errors="replace")
    return Outcome(code, lines, Profile(seconds, len(lines), dict(zip(CALLS, counts))), met, hung.is_set(), second)


def faults_of(stop: Stop, outcome: Outcome) -> list[str]:
    """Returns the faults of a stopped run's end, as sentences."""
    if outcome.hangs:
        return [outcome.end]
    if stop.how == "twice":
        return faults_of_two(outcome, outcome.second)
    if stop.fails:
        if outcome.code == 0 and outcome.met.split(" ")[0] in DISPENSABLE:
            return []
        expected = 74
    elif stop.number == signal.SIGKILL:
        return [] if outcome.code == -signal.SIGKILL else [outcome.end]
    else:
        expected = 128 + stop.number
        # Before its first line the program may not handle signals yet.
        if outcome.code == -stop.number and not outcome.lines:
            return []
    if outcome.code != expected:
        return [f"{outcome.end} (not {expected})"]
    return [] if len(outcome.errors) == 1 else [f"{len(outcome.errors)} error lines for one; {outcome.end}"]


def faults_of_two(first: Outcome, second: Outcome) -> list[str]:
    """Returns the faults of two runs at once: one may be refused, in one line, and no step may be taken by both."""
    wrong = []
    for name, outcome in (("the first", first), ("the second", second)):
        is_refused = 64 <= outcome.code < 80 and outcome.code != 70 and len(outcome.errors) == 1
        if outcome.hangs or (outcome.code != 0 and not is_refused):
            wrong.append(f"{name} run: {outcome.end}")
    if first.code != 0 and second.code != 0:
        wrong.append(f"both runs were refused: {first.end}; {second.end}")
    both = sorted(set(first.steps) & set(second.steps))
    return wrong + ([f"step {both[0][1]} of round {both[0][0]} was taken by two runs at once"] if both else [])
