#!/usr/bin/python3
"""Draws Pecan's metrics beside those of other systems as an SVG bar chart.

usage: chart.py --metrics FILE --output FILE

--metrics: what `./pecan bench --json FILE` wrote. The others' figures are in docs/rivals.json. Shorter is better;
each metric has a scale of its own.
"""

import argparse
import html
import json
import pathlib

from pecanlib import project, ui

RIVALS = project.ROOT / "docs" / "rivals.json"
OURS, COLOURS = "#8a4b16", ("#5b7a99", "#7f9bb5", "#a5b9cb", "#8a9a5b", "#b59a5b")
WIDTH, LEFT, BAR, GAP, HEAD = 760, 150, 13, 12, 64
LONGEST = WIDTH - LEFT - 250
STYLE = "text{font:12px sans-serif;fill:#222}.name{font-weight:bold}.title{font:bold 16px sans-serif}"


def text(x, y, what, style="", anchor="start"):
    return f'<text x="{x}" y="{y}" class="{style}" text-anchor="{anchor}">{html.escape(what)}</text>'


def bars(metric, ours, theirs, columns, top):
    """One metric's bars from `top` down; returns (lines, next top)."""
    rows = [("Pecan", ours, OURS)]
    rows += [(name, value, colour) for name, value, colour in zip(columns, theirs, COLOURS) if value is not None]
    most = max(value for _, value, _ in rows)
    lines = [text(LEFT - 10, top + BAR - 2, metric, "name", "end")]
    for name, value, colour in rows:
        length = max(1, round(LONGEST * value / most))
        lines.append(f'<rect x="{LEFT}" y="{top}" width="{length}" height="{BAR - 2}" fill="{colour}"/>')
        lines.append(text(LEFT + length + 6, top + BAR - 3, f"{value}  {name}"))
        top += BAR
    return lines, top + GAP


def chart(metrics, rivals):
    """The whole picture, as text."""
    lines, top = [], HEAD
    for metric, theirs in rivals["metrics"].items():
        if metric not in metrics:
            raise ui.PecanError(f"the metrics have no {metric}", "Measure with ./pecan bench --json FILE.")
        added, top = bars(metric, metrics[metric], theirs, rivals["columns"], top)
        lines += added
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">',
            f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{top}" fill="white"/>',
            text(20, 26, "Instructions, worst case (shorter is better)", "title"),
            text(20, 46, "QEMU, Cortex-A15, one processor, counted exactly; each metric has a scale of its own")]
    return "\n".join([*head, *lines, "</svg>"]) + "\n"


def run():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metrics", required=True, type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    picture = chart(json.loads(options.metrics.read_text()), json.loads(RIVALS.read_text()))
    options.output.write_text(picture)


if __name__ == "__main__":
    ui.main(run)
