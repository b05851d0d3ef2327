"""Draw what a soak has measured, one panel below the other."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from django_tasks_fsm.drawing.markup import Attribute, element, write
from scripts.soak.verdict import MB, Sample

WIDTH, HEIGHT, LEFT, AIR = 640.0, 90.0, 60.0, 34.0
COLOURS = ("#2563eb", "#c2410c", "#15803d", "#7c3aed")
Line = Sequence[float]


def plot(samples: Sequence[Sample], title: str) -> str:
    """Return the picture as SVG."""
    times = [each.at / 60 for each in samples]
    panels: list[tuple[str, list[Line]]] = [
        (
            "memory of each worker, MB",
            [[each / MB for each in line] for line in zip(*(s.rss for s in samples), strict=True)],
        ),
        ("connections", [[each.connections for each in samples]]),
        ("seconds waited: median, 95 %", [[each.waited for each in samples], [each.waited_95 for each in samples]]),
        ("rows of runs", [[each.runs for each in samples]]),
    ]
    height = AIR + len(panels) * (HEIGHT + AIR)
    root = element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {LEFT + WIDTH + 20:g} {height:g}",
            "font-family": "sans-serif",
            "font-size": 11,
        },
        element("title", {}, text=title),
        element("rect", {"width": "100%", "height": "100%", "fill": "#ffffff"}),
        element("text", {"x": LEFT, "y": 16, "font-weight": "bold"}, text=title),
    )
    for number, (name, lines) in enumerate(panels):
        root.extend(_panel(name, times, lines, AIR + 12 + number * (HEIGHT + AIR)))
    return write(root)


def _panel(name: str, times: Line, lines: Sequence[Line], top: float) -> list[ET.Element]:
    most = max((value for line in lines for value in line), default=0) or 1
    last = times[-1] or 1
    frame: dict[str, Attribute] = {
        "x": LEFT,
        "y": top,
        "width": WIDTH,
        "height": HEIGHT,
        "fill": "none",
        "stroke": "#94a3b8",
    }
    shapes = [
        element("rect", frame),
        element("text", {"x": LEFT, "y": top - 4}, text=name),
        element("text", {"x": LEFT - 6, "y": top + 10, "text-anchor": "end"}, text=f"{most:.4g}"),
        element("text", {"x": LEFT - 6, "y": top + HEIGHT, "text-anchor": "end"}, text="0"),
        element("text", {"x": LEFT + WIDTH, "y": top - 4, "text-anchor": "end"}, text=f"{last:.1f} minutes"),
    ]
    for line, colour in zip(lines, COLOURS, strict=False):
        places = [
            (LEFT + WIDTH * at / last, top + HEIGHT * (1 - value / most)) for at, value in zip(times, line, strict=True)
        ]
        course = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        shapes.append(element("polyline", {"points": course, "fill": "none", "stroke": colour, "stroke-width": 1.5}))
    return shapes
