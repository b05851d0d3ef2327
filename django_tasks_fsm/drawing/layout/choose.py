"""Choose a layout engine, and fall back where one fails: a page should rather have a plainer picture than none."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Literal, get_args

from django_tasks_fsm.drawing.errors import LayoutFailed, UnknownEngine
from django_tasks_fsm.drawing.layout import dot, layered
from django_tasks_fsm.drawing.layout.components import split
from django_tasks_fsm.drawing.layout.geometry import Box, Engine, Link, Plan
from django_tasks_fsm.drawing.layout.prepare import combine, prepare

logger = logging.getLogger(__name__)

EngineName = Literal["auto", "builtin", "graphviz"]


def lay_out(
    boxes: Sequence[Box], links: Sequence[Link], engine: EngineName = "auto", timeout: float = dot.TIMEOUT_SECONDS
) -> Plan:
    """Arrange a graph; raise LayoutFailed where no engine can, UnknownEngine for a wrong name.

    ``auto`` is Graphviz where the program is installed, else the built-in engine, which also stands in for Graphviz
    where that fails or takes more than ``timeout`` seconds.
    """
    return _lay_out(tuple(boxes), tuple(links), candidates(engine), timeout)


def candidates(engine: str) -> tuple[str, ...]:
    """Return the engines to try, in order."""
    if engine not in get_args(EngineName):
        raise UnknownEngine(engine, get_args(EngineName))
    if engine == "builtin" or (engine == "auto" and not dot.is_installed()):
        return ("builtin",)
    return ("graphviz", "builtin")


# States change often and links seldom: a page that refreshes itself should not arrange the same graph again and again,
# nor wait for the same timeout.
@lru_cache(maxsize=16)
def _lay_out(boxes: tuple[Box, ...], links: tuple[Link, ...], names: tuple[str, ...], timeout: float) -> Plan:
    """Try the engines in turn."""
    prepared = prepare(boxes, links)
    components = split(prepared.boxes, prepared.pairs)
    reasons: list[str] = []
    for name in names:
        try:
            drawn = _engine(name, timeout)([component.sheet for component in components])
            return combine(prepared, components, drawn, name)
        # An engine may fail in any way; the next one does not care which.
        except Exception as error:
            logger.warning("Layout engine %s failed: %s", name, error)
            reasons.append(f"{name}: {error}")
    raise LayoutFailed(reasons)


def _engine(name: str, timeout: float) -> Engine:
    return partial(dot.arrange, timeout=timeout) if name == "graphviz" else layered.arrange
