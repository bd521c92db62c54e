"""Two pictures as SVG, made by hand: bars of ratios on a logarithmic scale, and lines over time. Dark on light."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, log10

__all__ = ["bars", "lines"]

_WIDTH, _LEFT, _RIGHT, _ROW = 860, 268, 150, 30
_STYLE = (
    "<style>text{font:14px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1b2430}"
    ".small{font-size:12px;fill:#4a5666}.title{font-size:17px;font-weight:600}.group{font-weight:600}"
    ".grid{stroke:#d5dbe3}.aim{stroke:#a4262c;stroke-width:2;stroke-dasharray:5 4}</style>"
)
_COLOURS = {"ours": "#1f5f99", "floor": "#5b6673", "other": "#b06a1c"}
Bar = tuple[str, float, str, str]  # name, ratio, what is written behind the bar, kind: ours, floor or other


def _open(height: float, title: str, below: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img"'
        f' aria-label="{escape(title, quote=True)}">',
        _STYLE,
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        f'<text x="16" y="30" class="title">{escape(title)}</text>',
        f'<text x="16" y="51" class="small">{escape(below)}</text>',
    ]


def bars(title: str, below: str, groups: Sequence[tuple[str, Sequence[Bar]]], *, until: float = 0) -> str:
    """Horizontal bars from 0.1 on a logarithmic axis, in groups, each with a heading.

    Args:
        title: of the picture.
        below: a line under the title.
        groups: (heading, bars).
        until: the axis's end, at least; a power of ten is taken.
    """
    largest = max([until, *(ratio for _, listed in groups for _, ratio, _, _ in listed)])
    low, high = -1, max(ceil(log10(largest)), 1)
    inner = _WIDTH - _LEFT - _RIGHT

    def place(ratio: float) -> float:
        return _LEFT + inner * (log10(max(ratio, 10**low)) - low) / (high - low)

    rows = sum(len(listed) for _, listed in groups)
    height = 84 + rows * _ROW + len(groups) * 34 + 34
    drawn = _open(height, title, below)
    bottom = height - 40
    for power in range(low, high + 1):
        x = place(10**power)
        drawn.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="70" y2="{bottom}"/>')
        label = f"{10**power:g} × the floor" if power == 0 else f"{10**power:g} ×"
        drawn.append(f'<text class="small" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    y = 84
    for heading, listed in groups:
        drawn.append(f'<text class="group" x="16" y="{y + 8}">{escape(heading)}</text>')
        y += 20
        for name, ratio, said, kind in listed:
            drawn.append(f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(name)}</text>')
            drawn.append(
                f'<rect x="{_LEFT}" y="{y + 3}" width="{max(place(ratio) - _LEFT, 1):.1f}" height="20" rx="2"'
                f' fill="{_COLOURS[kind]}"/>'
            )
            drawn.append(f'<text x="{place(ratio) + 8:.1f}" y="{y + 17}">{escape(said)}</text>')
            y += _ROW
        y += 14
    return "\n".join([*drawn, "</svg>\n"])


def lines(
    title: str, below: str, points: Sequence[tuple[float, float]], across: str, upward: str, *, top: float, aim: float
) -> str:
    """One line over time, with a dashed line at what was aimed for.

    Args:
        title: of the picture.
        below: a line under the title.
        points: (x, y), x growing.
        across: the name of the axis along the bottom.
        upward: the name of the axis up the side.
        top: the end of the axis up the side.
        aim: where the dashed line is.
    """
    height, left, bottom = 300, 70, 250
    inner, tall = _WIDTH - left - 60, bottom - 80
    furthest = points[-1][0]

    def at(x: float, y: float) -> tuple[float, float]:
        return left + inner * x / furthest, bottom - tall * y / top

    drawn = _open(height, title, below)
    for n in range(5):
        value = top * n / 4
        _, y = at(0, value)
        drawn.append(f'<line class="grid" x1="{left}" x2="{left + inner}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="small" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.0f}</text>')
        x, _ = at(furthest * n / 4, 0)
        drawn.append(
            f'<text class="small" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{furthest * n / 4:,.0f}</text>'
        )
    _, y = at(0, aim)
    drawn.append(f'<line class="aim" x1="{left}" x2="{left + inner}" y1="{y:.1f}" y2="{y:.1f}"/>')
    drawn.append(f'<text class="small" x="{left + inner + 6}" y="{y + 4:.1f}">aim {aim:.0f}</text>')
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
    drawn.append(f'<polyline points="{path}" fill="none" stroke="{_COLOURS["ours"]}" stroke-width="3"/>')
    drawn.append(
        f'<text class="small" x="{left + inner / 2}" y="{bottom + 38}" text-anchor="middle">{escape(across)}</text>'
    )
    drawn.append(f'<text class="small" x="{left}" y="70">{escape(upward)}</text>')
    return "\n".join([*drawn, "</svg>\n"])
