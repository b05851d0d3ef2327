"""Read the ``plain`` output of Graphviz, and refuse whatever is not exactly what was asked for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from django_tasks_fsm.drawing.errors import DotFailed
from django_tasks_fsm.drawing.layout.geometry import Curve, Drawn, Pair, Point, Sheet

_POINTS_PER_INCH = 72.0
_TOLD = 80


def read_plain(output: str, sheets: Sequence[Sheet]) -> list[Drawn]:
    """Return one drawing for each sheet; raise DotFailed where output and sheets do not agree."""
    lines = iter(output.splitlines())
    drawn = [_PlainGraph(lines).drawn(sheet) for sheet in sheets]
    if next(lines, None) is not None:
        raise DotFailed("dot wrote more graphs than it was given")
    return drawn


class _PlainGraph:
    """The lines of one graph, from ``graph`` to ``stop``."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.size: Point = (0.0, 0.0)
        self.centres: dict[int, Point] = {}
        self.curves: dict[Pair, list[Curve]] = {}
        readers = {"graph": self._read_size, "node": self._read_node, "edge": self._read_edge}
        for line in lines:
            kind, *fields = line.split(" ")
            if kind == "stop":
                return
            if kind not in readers:
                raise DotFailed(f"dot wrote a line that is not understood: {line[:_TOLD]!r}")
            try:
                readers[kind](fields)
            except (IndexError, ValueError) as error:
                raise DotFailed(f"dot wrote a broken line: {line[:_TOLD]!r}") from error
        raise DotFailed("dot stopped in the middle of its output")

    def drawn(self, sheet: Sheet) -> Drawn:
        """Return the drawing of a sheet whose boxes and pairs were found, all of them and no others."""
        found = Counter({pair: len(curves) for pair, curves in self.curves.items()})
        if set(self.centres) != set(range(len(sheet.boxes))) or found != Counter(sheet.pairs):
            raise DotFailed("dot wrote other nodes or edges than it was given")
        centres = tuple(self.centres[number] for number in range(len(sheet.boxes)))
        return Drawn(centres, tuple(self.curves[pair].pop(0) for pair in sheet.pairs), *self.size)

    def _read_size(self, fields: Sequence[str]) -> None:
        self.size = (_pixels(fields[1]), _pixels(fields[2]))

    def _read_node(self, fields: Sequence[str]) -> None:
        self.centres[_number(fields[0])] = (_pixels(fields[1]), _pixels(fields[2]))

    def _read_edge(self, fields: Sequence[str]) -> None:
        count = int(fields[2])
        if count < 4 or count % 3 != 1:
            raise ValueError(count)
        values = [_pixels(field) for field in fields[3 : 3 + 2 * count]]
        curve = tuple((values[2 * number], values[2 * number + 1]) for number in range(count))
        self.curves.setdefault((_number(fields[0]), _number(fields[1])), []).append(curve)


def _number(name: str) -> int:
    """Return the number in a node's name."""
    if not name.startswith("n"):
        raise ValueError(name)
    return int(name[1:])


def _pixels(inches: str) -> float:
    """Return a length in pixels; infinite ones are refused."""
    value = float(inches) * _POINTS_PER_INCH
    if not math.isfinite(value):
        raise ValueError(inches)
    return value
