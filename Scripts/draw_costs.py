#!/usr/bin/env python3
"""Draws what Scripts/compare/measure_costs.py measured, docs/images/costs.svg: tokens a second as the model and as the rows grow.

    Scripts/draw_costs.py costs.json

Both axes are logarithmic. The number at a point is its share of the device's peak rate of multiply-adds.
"""

import argparse
import json
import math
from pathlib import Path
from xml.sax.saxutils import escape

from draw_transfer import ROOT, STYLE

PICTURE = ROOT / "docs" / "images" / "costs.svg"
WIDTH, HEIGHT = 330, 220  # size of a chart's field
LEFT, TOP, GAP, BOTTOM = 62, 56, 84, 52
CURVE = """
  .curve { fill: none; stroke: #2f6fdb; stroke-width: 2 }
  .point { fill: #2f6fdb }
"""


class Axis:
    """A logarithmic scale with a margin below the smallest and above the largest value."""

    def __init__(self, values, start, length):
        low, high = math.log(min(values)), math.log(max(values))
        spare = max((high - low) * 0.15, 0.05)
        self.low, self.high, self.start, self.length = low - spare, high + spare, start, length

    def place(self, value):
        return self.start + self.length * (math.log(value) - self.low) / (self.high - self.low)

    def round_values(self, digits):
        """These digits times powers of ten, within the scale."""
        steps = (digit * 10**power for power in range(-3, 9) for digit in digits)
        return [step for step in steps if self.low <= math.log(step) <= self.high]


def label(value):
    """A count with M for millions."""
    return f"{value / 1e6:g}M" if value >= 1e6 else f"{value:g}"


def chart(rows, key, title, unit, left, ticks):
    """One chart: a curve of tokens a second over rows[…][key]."""
    x = Axis([row[key] for row in rows], left, WIDTH)
    y = Axis([row["tokens_per_second"] for row in rows], TOP + HEIGHT, -HEIGHT)
    parts = [f'<text class="text strong" x="{left}" y="{TOP - 26}">{escape(title)}</text>',
             f'<rect class="line" x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}"/>']
    for value in y.round_values((1, 1.5, 2, 3, 5, 7)):
        place = y.place(value)
        parts.append(f'<path class="line" d="M{left} {place:.1f}h{WIDTH}"/>')
        parts.append(f'<text class="small end" x="{left - 6}" y="{place + 4:.1f}">{label(value)}</text>')
    for value in ticks or x.round_values((1, 2, 5)):
        parts.append(f'<text class="small middle" x="{x.place(value):.1f}" y="{TOP + HEIGHT + 17}">{label(value)}</text>')
    parts.append(f'<text class="small middle" x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 36}">{escape(unit)}</text>')
    points = [(x.place(row[key]), y.place(row["tokens_per_second"]), row) for row in rows]
    parts.append('<polyline class="curve" points="' + " ".join(f"{a:.1f},{b:.1f}" for a, b, _ in points) + '"/>')
    for a, b, row in points:
        parts.append(f'<circle class="point" cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>')
        parts.append(f'<text class="small middle" x="{a + 12:.1f}" y="{b - 8:.1f}">{100 * row["share"]:.0f} %</text>')
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("costs", type=Path, help="what measure_costs.py printed")
    parser.add_argument("--output", type=Path, default=PICTURE)
    options = parser.parse_args()
    rows = json.loads(options.costs.read_text(encoding="utf-8"))
    longest = max(row["length"] for row in rows)
    model = next(row["model"] for row in rows if row["length"] == longest)
    lengths = [row for row in rows if row["model"] == model]
    models = sorted((row for row in rows if row["length"] == lengths[0]["length"]), key=lambda row: row["parameters"])
    width = LEFT + WIDTH + GAP + WIDTH + 24
    height = TOP + HEIGHT + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
             "<title>Tokens a second by size of the model and length of the rows</title>",
             f"<style>{STYLE}{CURVE}</style>",
             f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>']
    parts += chart(models, "parameters", f"Tokens a second, rows of {models[0]['length']}", "weights of the model", LEFT, None)
    parts += chart(lengths, "length", f"Tokens a second, {model}", "tokens of a row", LEFT + WIDTH + GAP,
                   [row["length"] for row in lengths])
    options.output.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
