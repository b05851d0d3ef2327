"""Paint a timeline: one row for each run, or one for each worker; the same classes and colours as the graph."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar
from xml.etree import ElementTree as ET

from django.utils.translation import gettext, ngettext

from django_tasks_fsm.drawing.axis import Axis, axis_over
from django_tasks_fsm.drawing.bars import HEIGHT, ROW, bar_shapes, critical_line, wait_line
from django_tasks_fsm.drawing.icons import icon_shapes
from django_tasks_fsm.drawing.lanes import Track, in_lanes
from django_tasks_fsm.drawing.markup import Attribute, element, write
from django_tasks_fsm.drawing.palette import slug, word
from django_tasks_fsm.drawing.stylesheet import standalone_css
from django_tasks_fsm.drawing.text import clean, fit, safe_href
from django_tasks_fsm.drawing.timeline import MAX_ROWS, Line, Timeline

LABELS, CHART, NOTES = 200.0, 570.0, 196.0
"""Pixels from left to right: the names, the time, what came of it."""
TOP, BOTTOM = 26.0, 12.0
WIDTH = LABELS + CHART + NOTES

_ICON_SIZE = 13
_NAME_LEFT, _NAME_SIZE, _NOTE_SIZE = 24.0, 11.5, 11.0
_BASELINE = 4.0
T = TypeVar("T")

_XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def draw_gantt(timeline: Timeline, by_lane: bool = False, standalone: bool = False) -> str:
    """Return the timeline as markup that needs no escaping; at most 200 rows, the rest is counted.

    ``by_lane`` gives each lane its own rows, and leaves out what never ran.
    """
    shown, left_out = timeline.lines[:MAX_ROWS], timeline.left_out + max(0, len(timeline.lines) - MAX_ROWS)
    cut = Timeline(shown, timeline.now, timeline.title, left_out)
    axis = axis_over(cut.moments(), LABELS, CHART - 8)
    tracks = in_lanes(shown, cut.now)[:MAX_ROWS] if by_lane else []
    rows = [_lane(track, top, axis, cut) for track, top in _stacked(tracks)] if by_lane else []
    rows = rows or [_row(line, top, axis, cut) for line, top in _stacked(shown)]
    height = TOP + ROW * max(1, len(rows)) + BOTTOM + (ROW if left_out else 0)
    around = [*_backing(cut, height, standalone), *_axis(axis, cut, height)]
    root = _root(cut, height, [*around, *rows, *_rest(cut, height)])
    return (_XML_HEAD if standalone else "") + write(root)


def _stacked(rows: Sequence[T]) -> list[tuple[T, float]]:
    return [(row, TOP + number * ROW) for number, row in enumerate(rows)]


def _row(line: Line, top: float, axis: Axis | None, timeline: Timeline) -> ET.Element:
    """Build one run: its name, what it waited and ran, and what came of it."""
    parts = [element("title", {}, text=told(line)), *_name(line, top)]
    if axis is not None:
        parts += [wait_line(stretch, top, axis) for stretch in line.waits]
        parts += [shape for bar in line.bars for shape in bar_shapes(bar, top, axis, timeline.now, _uid(timeline))]
        parts += critical_line(line, top, axis, timeline.now) if line.is_critical else []
    parts.append(_text("fsm-m", LABELS + CHART, top, fit(_outcome(line), NOTES - 4, _NOTE_SIZE)))
    return _linked(line, parts)


def _lane(track: Track, top: float, axis: Axis | None, timeline: Timeline) -> ET.Element:
    """Build one row of a lane: the bars that lie side by side in it, each with the name that fits."""
    parts = [_text("fsm-n", 4, top, fit(clean(track.name), LABELS - 10, _NAME_SIZE))] if track.is_first else []
    for line, bar in track.bars if axis is not None else ():
        shapes = bar_shapes(bar, top, axis, timeline.now, _uid(timeline), clean(line.label))  # type: ignore[arg-type]
        parts.append(_linked(line, [element("title", {}, text=told(line)), *shapes]))
    return element("g", {"class": "fsm-lane"}, *parts)


def told(line: Line) -> str:
    """Return what a pointer or a screen reader is told of a row."""
    critical = gettext("on the critical path") if line.is_critical else ""
    return ", ".join(filter(None, (f"{clean(line.label)}: {_outcome(line)}", clean(line.lane), critical)))


def _outcome(line: Line) -> str:
    return " \N{MIDDLE DOT} ".join(part for part in (word(line.state), clean(line.note)) if part)


def _linked(line: Line, parts: Sequence[ET.Element]) -> ET.Element:
    shared: dict[str, Attribute] = {
        "class": f"fsm-line fsm-s-{slug(line.state)}" + (" fsm-cur" if line.current else ""),
        "data-key": clean(line.key),
        "aria-current": "true" if line.current else "",
    }
    href = safe_href(line.href)
    return element("a", {"href": href, **shared}, *parts) if href else element("g", {"role": "img", **shared}, *parts)


def _name(line: Line, top: float) -> list[ET.Element]:
    place = f"translate(4 {top + (HEIGHT - _ICON_SIZE) / 2:g}) scale({_ICON_SIZE / 16})"
    icon = element("g", {"class": "fsm-i", "transform": place}, *icon_shapes(line.state))
    mark = "\N{BLACK DIAMOND} " if line.is_critical else ""
    return [icon, _text("fsm-n", _NAME_LEFT, top, mark + fit(clean(line.label), LABELS - 46, _NAME_SIZE))]


def _text(kind: str, x: float, top: float, text: str) -> ET.Element:
    return element("text", {"class": kind, "x": x, "y": top + HEIGHT / 2 + _BASELINE}, text=text)


def _axis(axis: Axis | None, timeline: Timeline, height: float) -> list[ET.Element]:
    if axis is None:
        return []
    parts: list[ET.Element] = []
    for x, text in axis.ticks():
        parts.append(element("line", {"class": "fsm-axis", "x1": x, "x2": x, "y1": TOP - 6, "y2": height - BOTTOM}))
        parts.append(element("text", {"class": "fsm-tick", "x": x, "y": TOP - 11}, text=text))
    day = element("text", {"class": "fsm-m", "x": 4, "y": TOP - 11}, text=axis.begin.strftime("%Y-%m-%d"))
    if axis.end == timeline.now:
        x = axis.x(timeline.now)
        parts.append(element("line", {"class": "fsm-now", "x1": x, "x2": x, "y1": TOP - 6, "y2": height - BOTTOM}))
        parts.append(element("text", {"class": "fsm-m", "x": x + 4, "y": TOP - 11}, text=gettext("now")))
    return [day, *parts]


def _rest(timeline: Timeline, height: float) -> list[ET.Element]:
    if not timeline.left_out:
        return []
    count = timeline.left_out
    text = ngettext("%(count)d more run is not shown", "%(count)d more runs are not shown", count) % {"count": count}
    return [element("text", {"class": "fsm-m", "x": 4, "y": height - BOTTOM}, text=text)]


def _backing(timeline: Timeline, height: float, standalone: bool) -> list[ET.Element]:
    pattern = element(
        "pattern",
        {"id": f"{_uid(timeline)}-hatch", "width": 6, "height": 6, "patternUnits": "userSpaceOnUse",
         "patternTransform": "rotate(45)"},
        element("path", {"class": "fsm-hatch", "d": "M1 0V6"}),
    )  # fmt: skip
    defs = element("defs", {}, pattern)
    if not standalone:
        return [defs]
    states = {state for line in timeline.lines for state in (line.state, *(bar.state for bar in line.bars))}
    ground = element("rect", {"class": "fsm-ground", "width": WIDTH, "height": height})
    return [element("style", {}, text=standalone_css(states)), defs, ground]


def _root(timeline: Timeline, height: float, parts: Sequence[ET.Element]) -> ET.Element:
    uid = _uid(timeline)
    attributes: dict[str, Attribute] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "fsm-timeline",
        "role": "group",
        "aria-labelledby": f"{uid}-title",
        "viewBox": f"0 0 {WIDTH:g} {height:g}",
        "width": WIDTH,
        "height": height,
    }
    title = element("title", {"id": f"{uid}-title"}, text=clean(timeline.title) or gettext("Timeline"))
    return element("svg", attributes, title, *parts)


def _uid(timeline: Timeline) -> str:
    """Return the start of the picture's ids: the same at every drawing, another one than the graph's."""
    return f"fsm-t{zlib.crc32(repr([line.key for line in timeline.lines]).encode()):08x}"
