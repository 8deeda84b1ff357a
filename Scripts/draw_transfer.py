#!/usr/bin/env python3
"""Draws a run's transfer matrix as a heat map, docs/images/transfer.svg, or prints it as a Markdown table.

    Scripts/draw_transfer.py runs/demo/transfer.json
    Scripts/draw_transfer.py runs/demo/transfer.json --table en

Row 0 is the base, row i the model after round i; column j is dataset j. A cell holds the held-out loss in nats a token
and its change against the base; the colour is that change, the frame marks a dataset's own round. The picture has a
ground of its own and both a light and a dark set of colours, so that it can be read on any page.
"""

import argparse
import json
import math
import sys
import unicodedata
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "transfer.svg"
MARGIN, HEADER, CELL_HEIGHT, FOOTER = 20, 78, 50, 84
LEAST_WIDTH = 580  # of the picture, for the legend
STRONGEST = 0.55  # opacity of the largest change: text on it stays readable in light and dark

STYLE = """
  .ground { fill: #ffffff; stroke: #d0d7de }
  .text { fill: #1f2328; font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
  .small { fill: #59636e; font: 11.5px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
  .change { fill: #1f2328; font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
  .strong { font-weight: 600 }
  .middle { text-anchor: middle }
  .end { text-anchor: end }
  .line { fill: none; stroke: #d0d7de }
  .own { fill: none; stroke: #1f2328; stroke-width: 2 }
  .better { fill: #2f6fdb }
  .worse { fill: #d9622b }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d }
    .text, .change { fill: #e6edf3 }
    .small { fill: #9ea7b3 }
    .line { stroke: #3d444d }
    .own { stroke: #e6edf3 }
  }
"""

WORDS = {  # corner, row 0, note, colon, comma, figures
    "en": ("held-out loss", "base", "Nats a token; bold: a dataset's own round.", ": ", ", ", {
        "final_mean_loss": "final mean loss", "backward_transfer": "backward transfer", "forgetting": "forgetting"}),
    "zh": ("留出集损失", "基座", "单位：奈特每词元；粗体：该数据集自己的那一轮。", "：", "，", {
        "final_mean_loss": "最终平均损失", "backward_transfer": "后向迁移", "forgetting": "遗忘"}),
}


def fail(message: str, code: int) -> None:
    print(f"draw_transfer: {message}", file=sys.stderr)
    sys.exit(code)


def is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def load(path: Path) -> dict:
    """The report in a file; ends the program with one line where its shape is wrong."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fail(f"{path}: no such file; name the transfer.json of a run, such as runs/demo/transfer.json", 66)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        fail(f"{path}: is not readable JSON ({error}); name the transfer.json of a run", 65)
    names, loss = (report.get("datasets"), report.get("loss")) if isinstance(report, dict) else (None, None)
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        fail(f"{path}: \"datasets\" is no list of names; name the transfer.json of a run", 65)
    if not (isinstance(loss, list) and 1 <= len(loss) <= len(names) + 1):
        fail(f"{path}: \"loss\" has not from 1 to {len(names) + 1} rows; name the transfer.json of a run", 65)
    for index, row in enumerate(loss):
        if not (isinstance(row, list) and len(row) == len(names) and all(v is None or is_number(v) for v in row)):
            fail(f"{path}: row {index} of \"loss\" is not {len(names)} numbers or nulls", 65)
    return report


def row_label(index: int, names: list[str], base: str) -> str:
    return f"M0 {base}" if index == 0 else f"M{index} {names[index - 1]}"


def text_width(text: str, size: float) -> float:
    """A cautious estimate of a text's width in pixels: East Asian characters take a full square."""
    return sum(size if unicodedata.east_asian_width(c) in "WF" else 0.62 * size for c in text)


def signed(value: float) -> str:
    """A change with its sign; ±0 where it rounds to 0."""
    return f"{value:+.3f}".replace("-", "−") if abs(value) >= 0.0005 else "±0"


def changes(loss: list) -> list:
    """Each cell's loss minus the base's (negative is better); None where either is missing."""
    return [[None if a is None or b is None else a - b for a, b in zip(row, loss[0])] for row in loss]


def picture(report: dict) -> str:
    names, loss = report["datasets"], report["loss"]
    deltas = changes(loss)
    largest = max((abs(d) for row in deltas for d in row if d is not None), default=0.0)
    labels = [row_label(index, names, "base") for index in range(len(loss))]
    left = MARGIN + max(text_width(label, 14) for label in labels) + 16
    cell = max(96.0, max(text_width(name, 14) for name in names) + 20, (LEAST_WIDTH - left - MARGIN) / len(names))
    width, height = left + cell * len(names) + MARGIN, HEADER + CELL_HEIGHT * len(loss) + FOOTER
    parts = []

    def add_text(x: float, y: float, text: str, kind: str) -> None:
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>')

    add_text(MARGIN, 30, "Held-out loss of each dataset after each round", "text strong")
    for column, name in enumerate(names):
        add_text(left + (column + 0.5) * cell, HEADER - 12, name, "text middle")
    for index, row in enumerate(loss):
        y = HEADER + index * CELL_HEIGHT
        add_text(left - 14, y + CELL_HEIGHT / 2 + 5, labels[index], "text end")
        for column, value in enumerate(row):
            x, delta = left + column * cell, deltas[index][column]
            box = f'x="{x + 1.5:.1f}" y="{y + 1.5:.1f}" width="{cell - 3:.1f}" height="{CELL_HEIGHT - 3:.1f}" rx="3"'
            if delta and largest:
                kind = "better" if delta < 0 else "worse"
                parts.append(f'<rect {box} class="{kind}" fill-opacity="{STRONGEST * abs(delta) / largest:.3f}"/>')
            parts.append(f'<rect {box} class="{"own" if index == column + 1 else "line"}"/>')
            shown = "–" if value is None else f"{value:.3f}"
            has_change = delta is not None and index > 0
            add_text(x + cell / 2, y + (23 if has_change else 30), shown, "text strong middle")
            if has_change:
                add_text(x + cell / 2, y + 39, signed(delta), "change middle")

    y = HEADER + len(loss) * CELL_HEIGHT + 16
    parts.append(f'<rect x="{MARGIN}" y="{y}" width="160" height="12" rx="2" fill="url(#scale)"/>')
    add_text(MARGIN, y + 27, signed(-largest), "small")
    add_text(MARGIN + 160, y + 27, signed(largest), "small end")
    add_text(MARGIN + 176, y + 10, "nats a token, and the change against the base: blue is better,", "small")
    add_text(MARGIN + 176, y + 27, "orange is worse; the frame marks a dataset's own round", "small")
    add_text(MARGIN, y + 51, figures(report, "en"), "small")
    stops = [("2f6fdb", STRONGEST, 0), ("2f6fdb", 0, 50), ("d9622b", 0, 50), ("d9622b", STRONGEST, 100)]
    gradient = "".join(f'<stop offset="{at}%" stop-color="#{c}" stop-opacity="{o}"/>' for c, o, at in stops)
    spoken = "; ".join(f"{labels[i]}: " + ", ".join(
        f"{n} {'–' if v is None else f'{v:.3f}'}" for n, v in zip(names, row)) for i, row in enumerate(loss))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'height="{height}" role="img" aria-labelledby="title description">',
        '<title id="title">Held-out loss of each dataset after each round</title>',
        f'<desc id="description">{escape(spoken)}</desc>', f"<style>{STYLE}</style>",
        f'<defs><linearGradient id="scale">{gradient}</linearGradient></defs>',
        f'<rect x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1}" rx="8" class="ground"/>',
        *parts, "</svg>", ""])


def figures(report: dict, language: str) -> str:
    """The summary figures that the report has, in one line."""
    _, _, _, colon, comma, names = WORDS[language]
    known = [(text, f"{report[key]:.3f}") for key, text in names.items() if is_number(report.get(key))]
    return comma.join(text + colon + figure.replace("-", "−") for text, figure in known)


def table(report: dict, language: str) -> str:
    corner, base, note, *_ = WORDS[language]
    names = report["datasets"]
    lines = [f"| {' | '.join([corner, *names])} |", "|---|" + "---:|" * len(names)]
    for index, row in enumerate(report["loss"]):
        cells = ["–" if value is None else f"**{value:.3f}**" if index == column + 1 else f"{value:.3f}"
                 for column, value in enumerate(row)]
        lines.append(f"| {' | '.join([row_label(index, names, base), *cells])} |")
    return "\n".join([*lines, "", " ".join(part for part in [note, figures(report, language)] if part)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="transfer.json of a run")
    parser.add_argument("--output", type=Path, default=PICTURE, help=f"default: {PICTURE.relative_to(ROOT)}")
    parser.add_argument("--table", choices=sorted(WORDS), help="print a Markdown table instead, in this language")
    arguments = parser.parse_args()
    report = load(arguments.report)
    if arguments.table:
        return print(table(report, arguments.table))
    try:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(picture(report), encoding="utf-8")
    except OSError as error:
        fail(f"{arguments.output}: cannot be written ({error.strerror}); check the path and its permissions", 74)
    print(f"draw_transfer: {arguments.output}")


if __name__ == "__main__":
    main()
