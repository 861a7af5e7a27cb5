#!/usr/bin/env python3
"""trace.py TRACE STEP SVG: draws one step of a trace that `lockstep train --trace` has kept, the picture of docs/trace.md.

Python's own library alone. Colours are those of Okabe and Ito, which colour-blind readers tell apart.
"""
import json
import pathlib
import sys

COLOURS = {
    "step": "#e6e6e6", "phase": "#cccccc", "forward": "#56b4e9", "backward": "#e69f00", "work": "#f0e442",
    "collective": "#009e73", "message": "#009e73", "waiting": "#d55e00"}
WIDTH, LEFT, ROW, INK = 1100, 8, 19, "#222"


def depth_of(spans):
    """How deep each span lies within others."""
    depths, open_ends = [], []
    for span in spans:
        while open_ends and open_ends[-1] <= span["ts"] + 1e-3:
            open_ends.pop()
        depths.append(len(open_ends))
        open_ends.append(span["ts"] + span["dur"])
    return depths


def main(path, number, target):
    events = json.loads(pathlib.Path(path).read_text())["traceEvents"]
    names = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    steps = {e["pid"]: e for e in events if e.get("cat") == "step" and e["args"]["step"] == number}
    start = min(e["ts"] for e in steps.values())
    end = max(e["ts"] + e["dur"] for e in steps.values())
    scale = (WIDTH - 2 * LEFT) / (end - start)
    parts, y = [], 8
    for rank, step in sorted(steps.items()):
        inside = [
            e for e in events
            if e["ph"] == "X" and e["pid"] == rank and e["tid"] == 1 and e["ts"] >= step["ts"]
            and e["ts"] + e["dur"] <= step["ts"] + step["dur"] + 1]
        inside.sort(key=lambda e: (e["ts"], -e["dur"]))
        depths = depth_of(inside)
        parts.append(f'<text x="{LEFT}" y="{y + 12}" font-weight="bold">{names[rank].split(" on ")[0]}</text>')
        y += 18
        for span, depth in zip(inside, depths):
            x, width = LEFT + (span["ts"] - start) * scale, span["dur"] * scale
            top = y + depth * ROW
            if width < 0.4:
                continue
            parts.append(
                f'<rect x="{x:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 2}" fill="{COLOURS[span["cat"]]}"/>')
            text = next((t for t in (span["name"], span["name"].split(".")[-1]) if 5.6 * len(t) < width), "")
            if text:
                parts.append(f'<text x="{x + 3:.1f}" y="{top + 12}">{text}</text>')
        y += (max(depths) + 1) * ROW + 10
    ticks = ""
    unit = 10 ** (len(str(int((end - start) / 2))) - 1)
    for tick in range(0, int(end - start) + 1, unit):
        ticks += f'<text x="{LEFT + tick * scale:.1f}" y="{y + 10}" fill="#666">{tick / 1000:g} ms</text>'
    description = (
        f"Step {number} on {len(steps)} ranks, time from left to right: phases, layers forward and backward, and within "
        "batch norms the calls by which ranks sum, with who was waited for.")
    pathlib.Path(target).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 18}" font-family="sans-serif" font-size="10" '
        f'role="img" fill="{INK}"><title>A traced step</title><desc>{description}</desc>'
        f'<rect width="{WIDTH}" height="{y + 18}" fill="white"/>\n' + "\n".join(parts) + f"\n{ticks}\n</svg>\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
