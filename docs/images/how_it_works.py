#!/usr/bin/env python3
"""how_it_works.py [FOLDER]: draws canonical-sum.svg, plan.svg and fused-step.svg, the pictures of docs/how-it-works.md.

The plan's picture deals twelve lengths as the program does (the best halves first; of twelve all ways are tried). Python's own
library alone. Colours are those of Okabe and Ito, which colour-blind readers tell apart.
"""
import pathlib
import sys

BLUE, ORANGE, GREEN, RED, GREY, INK = "#56b4e9", "#e69f00", "#009e73", "#d55e00", "#e6e6e6", "#222"
COLOURS = ["#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#0072b2", "#d55e00", "#999999"]


class Drawing:
    def __init__(self, width, height, title, description):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            f'font-size="13" role="img"><title>{title}</title><desc>{description}</desc>'
            f'<rect width="{width}" height="{height}" fill="white"/>']

    def box(self, x, y, width, height, fill, text="", size=13, stroke=INK):
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{stroke}" rx="2"/>')
        if text:
            self.text(x + width / 2, y + height / 2 + size * 0.35, text, "middle", size)

    def text(self, x, y, text, anchor="start", size=13, weight="normal"):
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{INK}">{text}</text>')

    def line(self, x1, y1, x2, y2, dash="", width=1.3, colour=INK):
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def arrow(self, x1, y1, x2, y2):
        self.line(x1, y1, x2, y2)
        dx, dy = x2 - x1, y2 - y1
        length = (dx * dx + dy * dy) ** 0.5
        ux, uy = dx / length, dy / length
        points = [(x2, y2), (x2 - 8 * ux + 4 * uy, y2 - 8 * uy - 4 * ux), (x2 - 8 * ux - 4 * uy, y2 - 8 * uy + 4 * ux)]
        self.parts.append('<polygon points="%s" fill="%s"/>' % (" ".join(f"{x:g},{y:g}" for x, y in points), INK))

    def write(self, path):
        path.write_text("\n".join(self.parts) + "\n</svg>\n")


def canonical_sum(folder):
    drawing = Drawing(
        780, 400, "The canonical sum",
        "Leaves of 96 timesteps are summed within sequences, leaves within eight lanes, lanes by a binary tree. Three ranks carry "
        "lanes 0 and 1, 2 to 4, and 5 to 7; each folds the subtrees that are its own, and the rest of the tree is completed between ranks.")
    left, step = 96, 84
    bounds = {3: [0, 2, 5, 8]}[3]
    for rank in range(3):
        first, last = bounds[rank], bounds[rank + 1]
        drawing.box(left + first * step - 6, 226, (last - first) * step - 6, 160, "#f6f6f6", stroke="#bbb")
        drawing.text(left + first * step + 2, 380, f"rank {rank} of 3", size=12, weight="bold")
    drawing.text(8, 300, "leaves of")
    drawing.text(8, 316, "96 time-")
    drawing.text(8, 332, "steps")
    drawing.text(8, 254, "lanes")
    sequences = [[3, 2], [4, 1], [2, 2, 1], [5], [3, 2], [1, 3], [4], []]
    rank_of = [0, 0, 1, 1, 1, 2, 2, 2]
    level = []
    for lane in range(8):
        x = left + lane * step
        drawing.box(x, 236, step - 18, 26, BLUE, f"lane {lane}")
        y = 280
        for number, leaves in enumerate(sequences[lane]):
            for _ in range(leaves):
                drawing.box(x + 10 + 22 * number, y, 18, 11, COLOURS[1] if number % 2 == 0 else COLOURS[3])
                y += 13
            y = 280
        if not sequences[lane]:
            drawing.text(x + 33, 296, "+0", "middle")
        drawing.line(x + 33, 276, x + 33, 262)
        level.append((x + 33, 236, {rank_of[lane]}))
    drawing.text(8, 170, "tree")
    y = 186
    while len(level) > 1:
        above = []
        for one, other in zip(level[::2], level[1::2]):
            x, ranks = (one[0] + other[0]) / 2, one[2] | other[2]
            own = len(ranks) == 1
            for child in (one, other):
                drawing.line(child[0], child[1], x, y, "" if own else "5 3", colour=INK if own else RED)
            drawing.box(x - 13, y - 13, 26, 26, GREEN if own else "white", "+", 15, INK if own else RED)
            above.append((x, y - 13, ranks))
        level = above
        y -= 62
    drawing.box(500, 14, 14, 14, GREEN)
    drawing.text(520, 26, "folded by one rank alone", size=12)
    drawing.box(500, 36, 14, 14, "white", stroke=RED)
    drawing.text(520, 48, "completed between ranks", size=12)
    drawing.text(8, 24, "The sum over a step: one order, whoever computes it", weight="bold", size=14)
    drawing.write(folder / "canonical-sum.svg")


def halve(costs):
    """The best halves, in the order in which the program visits them: Gray code, of equals the first."""
    difference, code = sum(costs), 0
    best = (difference, 0)
    for visit in range(1, 1 << (len(costs) - 1)):
        bit = (visit & -visit).bit_length() - 1
        code ^= 1 << bit
        difference += 2 * costs[bit + 1] if not code & 1 << bit else -2 * costs[bit + 1]
        if abs(difference) < best[0]:
            best = (abs(difference), code)
    return [index > 0 and bool(best[1] & 1 << (index - 1)) for index in range(len(costs))]


def deal(costs, lanes):
    parts = [list(range(len(costs)))]
    while len(parts) < lanes:
        halved = []
        for part in parts:
            second = halve([costs[index] for index in part]) if len(part) > 1 else [False] * len(part)
            halved += [[i for i, s in zip(part, second) if not s], [i for i, s in zip(part, second) if s]]
        parts = halved
    return parts


def plan(folder):
    lengths = [9120, 640, 3810, 15200, 1270, 5340, 22050, 2960, 880, 11400, 1830, 7450]
    scale = 250 / max(lengths)
    drawing = Drawing(
        780, 430, "The plan",
        "Twelve sequences of one step are dealt into four lanes by halving: first two halves of nearly equal length, then quarters.")
    drawing.text(8, 24, "One step's sequences, dealt into lanes by halving from the top", weight="bold", size=14)
    drawing.text(8, 58, "as drawn")
    x = 96
    small = 640 / sum(lengths)
    for index, length in enumerate(lengths):
        drawing.box(x, 42, length * small, 24, COLOURS[index % 8])
        x += length * small
    y = 100
    for lanes, name in ((2, "halves"), (4, "quarters")):
        parts = deal(lengths, lanes)
        total = max(sum(lengths[i] for i in part) for part in parts)
        drawing.text(8, y + 18, name)
        for part in parts:
            x, load = 96, sum(lengths[i] for i in part)
            for index in part:
                drawing.box(x, y, lengths[index] * 500 / total, 24, COLOURS[index % 8])
                x += lengths[index] * 500 / total
            drawing.text(x + 8, y + 17, f"{load:,} timesteps", size=12)
            y += 32
        balance = sum(lengths) / lanes / total
        drawing.text(96, y + 12, f"balance of {lanes} ranks: mean over maximum, {balance:.3f}", size=12)
        y += 38
    drawing.text(8, y + 22, "The plan knows lanes, not ranks: two ranks carry a half each, four a quarter. The same on every machine, from", size=12)
    drawing.text(8, y + 40, "(lengths, recipe, seed, epoch) alone; no rank is told anything.", size=12)
    drawing.write(folder / "plan.svg")


def fused_step(folder):
    drawing = Drawing(
        780, 350, "The fused step",
        "The reference block forward and backward: seven reads and writes of activations forward, where batch norm's moments are gathered "
        "while a convolution writes and its normalisation is applied where the next one reads.")
    drawing.text(8, 24, "A residual block: activations read and written, in units of 256 bytes a timestep", weight="bold", size=14)
    rows = [
        ("forward", 60, [
            ("convolution 1", "moments on the way out", "reads 1, writes 1"),
            ("convolution 2", "norm, ReLU in; moments", "reads 1, writes 1"),
            ("join", "norm, skip, ReLU", "reads 2, writes 1"),
            ("mean", "", "reads 1")]),
        ("backward", 210, [
            ("adjoint of the join", "ReLU, norm's sums", "reads 2, writes 1"),
            ("adjoint of convolution 2", "both gradients, ReLU, sums", "reads 3, writes 1"),
            ("adjoint of convolution 1", "both gradients; norm, skip", "reads 4, writes 1")])]
    for name, y, boxes in rows:
        drawing.text(8, y + 40, name, weight="bold")
        width = 664 / len(boxes)
        for number, (title, inside, traffic) in enumerate(boxes):
            x = 92 + number * width
            drawing.box(x, y, width - 22, 66, BLUE if "convolution" in title else ORANGE)
            drawing.text(x + (width - 22) / 2, y + 25, title, "middle", weight="bold")
            drawing.text(x + (width - 22) / 2, y + 47, inside, "middle", 10 if len(inside) > 27 else 11)
            drawing.text(x + (width - 22) / 2, y + 84, traffic, "middle", 11)
            if number < len(boxes) - 1:
                drawing.arrow(x + width - 22, y + 33, x + width, y + 33)
    drawing.text(92, 180, "between them: one small collective a batch norm (sums and counts of all ranks)", size=12)
    drawing.text(92, 330, "a finished gradient goes to its bucket: buckets are summed over ranks while adjoints below compute", size=12)
    drawing.write(folder / "fused-step.svg")


if __name__ == "__main__":
    place = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    canonical_sum(place)
    plan(place)
    fused_step(place)
