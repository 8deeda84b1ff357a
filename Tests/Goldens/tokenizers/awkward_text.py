"""Lines that are awkward to cut, made by a generator that Tests/TrainerTests has as well (`AwkwardText`).

The generator is xorshift64*; the lines of a kind are made of its alphabet's entries, which lie in alphabets.json.
"""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent
ALPHABETS = json.loads((FOLDER / "patterns/alphabets.json").read_text(encoding="utf-8"))
MASK = (1 << 64) - 1


class Generator:
    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state ^= self.state >> 12
        self.state ^= self.state << 25 & MASK
        self.state ^= self.state >> 27
        # The upper 31 bits: the lower ones are weaker.
        return ((self.state * 0x2545F4914F6CDD1D & MASK) >> 33) % bound


def lines(kind, count):
    """The lines of a kind; each has one to 24 entries of the alphabet, some several times."""
    alphabet = ALPHABETS[kind]
    generator = Generator(0x9E3779B97F4A7C15)
    for _ in range(count):
        line = ""
        for _ in range(1 + generator.below(24)):
            entry = alphabet[generator.below(len(alphabet))]
            line += entry * (1 if generator.below(8) else 2 + generator.below(4))
        yield line


def fnv(values):
    """FNV-1a, 64 bits, over numbers as four bytes each, the lowest first."""
    digest = 0xCBF29CE484222325
    for value in values:
        for byte in (value & 0xFFFFFFFF).to_bytes(4, "little"):
            digest = (digest ^ byte) * 0x100000001B3 & MASK
    return f"{digest:016x}"
