"""Where the boxes of a picture of layers go: each in the row of its layer, so that few lines cross.

The usual way to draw such a graph (Sugiyama's): a line over several rows has a bend in each row between; each row is
put in the order of the means of its neighbours, again and again; then each box moves as near to its neighbours as those
beside it let it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

SWEEPS = 40
"""For the order, which soon stops to change."""
MOVES = 400
"""For the places, which take longer."""


@dataclass(slots=True)
class Node:
    """A box, or a bend in a line."""

    name: str
    row: int
    width: float
    x: float = 0
    """Of the middle."""
    above: list[Node] = field(default_factory=list)
    below: list[Node] = field(default_factory=list)


def arrange(rows: list[list[Node]], gap: float) -> None:
    """Put the nodes of each row in order, and say where each is."""
    best, least = [list(row) for row in rows], crossings(rows)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            places = {id(node): place for other in rows for place, node in enumerate(other)}
            row.sort(key=lambda node: _mean([places[id(one)] for one in _beside(node, sweep)], places[id(node)]))
        if crossings(rows) < least:
            best, least = [list(row) for row in rows], crossings(rows)
    for row, order in zip(rows, best, strict=True):
        row[:] = order
        place(row, [0.0] * len(row), gap)
    for move in range(MOVES):
        middle = _mean([node.x for row in rows for node in row], 0)
        for row in rows if move % 2 else reversed(rows):
            place(row, [_mean([one.x for one in node.above + node.below], middle) for node in row], gap)


def _beside(node: Node, sweep: int) -> list[Node]:
    return node.above if sweep % 2 else node.below


def _mean(values: list[float] | list[int], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def crossings(rows: list[list[Node]]) -> int:
    """Count how often lines between neighbouring rows cross."""
    count = 0
    for upper, lower in pairwise(rows):
        places = {id(node): place for place, node in enumerate(lower)}
        ends = [place for node in upper for place in sorted(places[id(one)] for one in node.below)]
        count += sum(end > later for start, end in enumerate(ends) for later in ends[start + 1 :])
    return count


def place(row: list[Node], wanted: list[float], gap: float) -> None:
    """Move the nodes of a row as near to where they are wanted as those beside them let them, in their order.

    Least squares: neighbours that would overlap move as one block, to the mean of what its members want.
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + gap)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, others = blocks.pop()
            mean, size = (mean * size + other * others) / (size + others), size + others
        blocks.append((mean, size))
    starts = [mean for mean, size in blocks for _ in range(size)]
    for node, start, offset in zip(row, starts, offsets, strict=True):
        node.x = start + offset
