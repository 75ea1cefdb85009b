"""Draws docs/images/architecture.svg from the imports of the package: ``python -m tests.docs.picture``."""

from __future__ import annotations

from itertools import pairwise
from string import Template

from tests.docs.imports import read_imports, read_layers, reduce
from tests.docs.layout import Node, arrange
from tests.docs.pages import DOCS

FILE = DOCS / "images" / "architecture.svg"

PUBLIC = {
    *("admin", "cognito", "conf", "errors", "models", "pending", "rest_framework", "services", "signals", "sync"),
    *("throttling", "tokens", "urls", "user_context", "views", "webhook"),
}
"""What host projects import, include or inherit from."""

ROW, BOX, LETTER, PADDING, GAP, BEND, MARGIN = 72, 32, 8.4, 16, 9, 9, 40

SVG = Template(
    """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $width $height" role="img" aria-labelledby="title desc">
  <title id="title">What imports what in django_cognito_confirm</title>
  <desc id="desc">$desc</desc>
  <style>
    text { font: 14px ui-monospace, "SF Mono", Consolas, "Liberation Mono", monospace; fill: #1f2328; }
    .name { text-anchor: middle; }
    .layer { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: #57606a; }
    .page { fill: #ffffff; stroke: #d0d7de; }
    .band { fill: #f6f8fa; }
    .box { fill: #ffffff; stroke: #57606a; stroke-width: 1.3; }
    .public { fill: #ddf4ff; stroke: #0969da; }
    .import { fill: none; stroke: #8c959f; stroke-width: 1.2; marker-end: url(#tip); }
    .tip { fill: #8c959f; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .layer { fill: #9aa4af; }
      .page { fill: #0d1117; stroke: #30363d; }
      .band { fill: #161b22; }
      .box { fill: #0d1117; stroke: #9aa4af; }
      .public { fill: #0c2d4e; stroke: #58a6ff; }
      .import { stroke: #6e7681; }
      .tip { fill: #6e7681; }
    }
  </style>
  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
      <path class="tip" d="M0 0 10 5 0 10z"/>
    </marker>
  </defs>
  <rect class="page" x="0.5" y="0.5" width="$inner_width" height="$inner_height" rx="8"/>
$shapes
</svg>
"""
)


def rows_of_layers(layers: list[list[str]], imports: dict[str, set[str]]) -> list[list[str]]:
    """Return the layers from the top down, one in which modules import each other as several rows."""
    rows = []
    for layer in layers:
        depths: dict[str, int] = {}
        while len(depths) < len(layer):
            for name in layer:
                importers = [other for other in layer if name in imports[other]]
                if all(other in depths for other in importers):
                    depths[name] = max((depths[other] + 1 for other in importers), default=0)
        rows += [sorted(name for name in layer if depths[name] == depth) for depth in sorted(set(depths.values()))]
    return rows


def build(rows: list[list[str]], lines: set[tuple[str, str]]) -> tuple[list[list[Node]], list[list[Node]]]:
    """Return the nodes of each row, and the way of each line from node to node."""
    nodes = {
        name: Node(name, number, round(len(name) * LETTER + PADDING)) for number, row in enumerate(rows) for name in row
    }
    placed = [[nodes[name] for name in row] for row in rows]
    ways = []
    for name, imported in sorted(lines):
        way = [nodes[name]]
        for number in range(nodes[name].row + 1, nodes[imported].row):
            way.append(Node("", number, BEND))
            placed[number].append(way[-1])
        way.append(nodes[imported])
        ways.append(way)
        for upper, lower in pairwise(way):
            upper.below.append(lower)
            lower.above.append(upper)
    return placed, ways


def draw() -> str:
    """Return the picture."""
    imports = read_imports()
    rows = rows_of_layers(read_layers(), imports)
    placed, ways = build(rows, reduce(imports))
    arrange(placed, GAP)
    left = min(node.x - node.width / 2 for row in placed for node in row)
    for row in placed:
        for node in row:
            node.x = round(node.x - left + MARGIN)
    width = max(round(node.x + node.width / 2) for row in placed for node in row) + MARGIN // 2
    height = ROW * len(rows) + MARGIN
    shapes = [*bands(rows, width), *(curve(way) for way in ways)]
    shapes += [box(node) for row in placed for node in row if node.name]
    return SVG.substitute(
        width=width,
        height=height,
        inner_width=width - 1,
        inner_height=height - 1,
        desc="From the top down. " + " ".join(f"{', '.join(layer)}." for layer in read_layers()),
        shapes="\n".join(f"  {shape}" for shape in shapes),
    )


def middle(row: int) -> int:
    """Return how far down a row's middle is."""
    return MARGIN // 2 + ROW * row + ROW // 2


def bands(rows: list[list[str]], width: int) -> list[str]:
    """Draw the layers, every other one shaded, and their numbers."""
    shapes, first = [], 0
    for number, layer in enumerate(read_layers(), 1):
        last = max(place for place, row in enumerate(rows) if set(row) & set(layer))
        top, height = MARGIN // 2 + ROW * first, ROW * (last - first + 1)
        if number % 2:
            shapes.append(f'<rect class="band" x="1" y="{top}" width="{width - 2}" height="{height}"/>')
        shapes.append(f'<text class="layer" x="12" y="{middle(first) + 4}">{number}</text>')
        first = last + 1
    return shapes


def box(node: Node) -> str:
    """Draw a module."""
    kind = "box public" if node.name in PUBLIC else "box"
    top = middle(node.row) - BOX // 2
    place = f'x="{round(node.x - node.width / 2)}" y="{top}" width="{node.width}" height="{BOX}"'
    rect = f'<rect class="{kind}" {place} rx="5"/>'
    return f'{rect}<text class="name" x="{node.x}" y="{top + 21}">{node.name}</text>'


def curve(way: list[Node]) -> str:
    """Draw a line from a module to one that it imports, around the boxes between: smooth, and upright at its ends."""
    points = [(node.x, middle(node.row)) for node in way]
    points[0] = (points[0][0], points[0][1] + BOX // 2)
    points[-1] = (points[-1][0], points[-1][1] - BOX // 2)
    # At each bend it goes the way from the point before to the point after (Catmull and Rom).
    leads = [
        (0, ROW - BOX),
        *(_lead(before, after) for before, after in zip(points, points[2:], strict=False)),
        (0, ROW - BOX),
    ]
    path = f"M{points[0][0]} {points[0][1]}"
    for (start, end), (leave, arrive) in zip(pairwise(points), pairwise(leads), strict=True):
        path += f"C{round(start[0] + leave[0] / 3)} {round(start[1] + leave[1] / 3)}"
        path += f" {round(end[0] - arrive[0] / 3)} {round(end[1] - arrive[1] / 3)} {end[0]} {end[1]}"
    return f'<path class="import" d="{path}"/>'


def _lead(before: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    return (after[0] - before[0]) / 2, (after[1] - before[1]) / 2


if __name__ == "__main__":
    FILE.write_text(draw())
