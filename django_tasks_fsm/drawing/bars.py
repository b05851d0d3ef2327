"""Paint what happened in one row of a timeline: waiting, attempts, and the part that decided the end."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree as ET

from django_tasks_fsm.drawing.axis import Axis
from django_tasks_fsm.drawing.markup import Attribute, element
from django_tasks_fsm.drawing.palette import slug
from django_tasks_fsm.drawing.text import clean, fit
from django_tasks_fsm.drawing.timeline import Bar, Line, Stretch

ROW, HEIGHT = 22.0, 20.0
_BAR, _INSET = 12.0, 4.0
_LEAST = 2.0
"""Pixels that the shortest attempt takes."""
_TEXT_SIZE, _TEXT_AIR = 10.0, 4.0

HATCHED = frozenset({"FAILED", "ABORTED"})
HOLLOW = frozenset({"CANCELLED", "SKIPPED", "PENDING"})


def wait_line(stretch: Stretch, top: float, axis: Axis) -> ET.Element:
    """Build the dashes of a time in which the run could have run."""
    middle = top + HEIGHT / 2
    return _line("fsm-wait", axis.x(stretch[0]), axis.x(stretch[1]), middle)


def bar_shapes(bar: Bar, top: float, axis: Axis, now: datetime, uid: str, name: str = "") -> list[ET.Element]:
    """Build one attempt: whole when it went well, hatched when it failed, hollow when it was stopped or still runs."""
    if bar.start is None:
        return [] if bar.end is None else [_mark(bar, axis.x(bar.end), top)]
    left = axis.x(bar.start)
    width = max(_LEAST, axis.x(bar.end or now) - left)
    box: dict[str, Attribute] = {"x": left, "y": top + _INSET, "width": width, "height": _BAR, "rx": 2}
    is_hollow = bar.end is None or bar.state in HOLLOW
    shape = element("rect", {"class": f"fsm-run fsm-s-{slug(bar.state)}{' fsm-open' if is_hollow else ''}", **box})
    if bar.title:
        shape.append(element("title", {}, text=clean(bar.title)))
    hatch = [element("rect", {"fill": f"url(#{uid}-hatch)", **box})] if bar.state in HATCHED else []
    return [shape, *hatch, *_written(name, left, width, top)]


def critical_line(line: Line, top: float, axis: Axis, now: datetime) -> list[ET.Element]:
    """Build the line under the part that decided the end."""
    bars = [(bar.start or bar.end, bar.end or now) for bar in line.bars]
    moments = [moment for pair in (*bars, *line.waits) for moment in pair if moment is not None]
    if not moments:
        return []
    xs = [axis.x(moment) for moment in moments]
    return [_line("fsm-crit", min(xs), max(max(xs), min(xs) + _LEAST), top + HEIGHT - 1)]


def _mark(bar: Bar, x: float, top: float) -> ET.Element:
    """Build a diamond where an attempt ended whose beginning nobody noted."""
    middle = top + HEIGHT / 2
    course = f"M{x:.1f},{middle - 5:.1f}L{x + 5:.1f},{middle:.1f} {x:.1f},{middle + 5:.1f} {x - 5:.1f},{middle:.1f}z"
    shape = element("path", {"class": f"fsm-run fsm-s-{slug(bar.state)}", "d": course})
    if bar.title:
        shape.append(element("title", {}, text=clean(bar.title)))
    return shape


def _written(name: str, left: float, width: float, top: float) -> list[ET.Element]:
    room = width - 2 * _TEXT_AIR
    shown = fit(name, room, _TEXT_SIZE) if name and room > 3 * _TEXT_SIZE else ""
    place: dict[str, Attribute] = {"class": "fsm-in", "x": left + _TEXT_AIR, "y": top + HEIGHT / 2 + 3.5}
    return [element("text", place, text=shown)] if shown else []


def _line(kind: str, start: float, end: float, y: float) -> ET.Element:
    return element("line", {"class": kind, "x1": start, "x2": end, "y1": y, "y2": y})
