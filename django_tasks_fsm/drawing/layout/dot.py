"""The second engine: Graphviz ``dot`` as a sub-process with a time limit, asked for geometry only."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

import graphviz

from django_tasks_fsm.drawing.errors import DotFailed
from django_tasks_fsm.drawing.layout.dot_output import read_plain
from django_tasks_fsm.drawing.layout.geometry import COLUMN_GAP, ROW_GAP, Box, Drawn, Sheet

TIMEOUT_SECONDS = 5.0
POINTS_PER_INCH = 72.0
_TOLD = 200


def is_installed() -> bool:
    """Say whether the binary is on the path."""
    return shutil.which("dot") is not None


def arrange(sheets: Sequence[Sheet], timeout: float = TIMEOUT_SECONDS) -> list[Drawn]:
    """Arrange all sheets with one process; raise DotFailed for whatever goes wrong, above ``timeout`` seconds too."""
    source = "".join(layout_source(sheet) for sheet in sheets)
    try:
        return read_plain(run_dot(source, ("-Tplain", "-y"), timeout).decode(), sheets)
    except UnicodeDecodeError as error:
        raise DotFailed(f"dot could not be used: {error}") from error


def layout_source(sheet: Sheet) -> str:
    """Return DOT text that holds numbers only, so nothing in it needs escaping."""
    graph = graphviz.Digraph(
        graph_attr={"rankdir": "LR", "nodesep": _inches(ROW_GAP), "ranksep": _inches(COLUMN_GAP)},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"arrowhead": "none", "tailport": "e", "headport": "w"},
    )
    for number, box in enumerate(sheet.boxes):
        graph.node(f"n{number}", **_size(box))
    for source, target in sheet.pairs:
        graph.edge(f"n{source}", f"n{target}")
    return str(graph.source)


def _size(box: Box) -> dict[str, str]:
    return {"width": _inches(box.width), "height": _inches(box.height)}


def _inches(pixels: float) -> str:
    return f"{pixels / POINTS_PER_INCH:.4f}"


def run_dot(source: str, arguments: Sequence[str], timeout: float = TIMEOUT_SECONDS) -> bytes:
    """Return what the binary makes of ``source``; raise DotFailed, above ``timeout`` seconds too.

    ``graphviz.pipe`` has no time limit, and some small graphs take ``dot`` minutes.
    """
    binary = shutil.which("dot")
    if binary is None:
        raise DotFailed("The program 'dot' is not on the path. Install Graphviz, or use the built-in engine.")
    try:
        done = subprocess.run(
            [binary, *arguments], input=source.encode(), capture_output=True, timeout=timeout, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise DotFailed(f"dot took more than {timeout:g} s and was stopped") from error
    except subprocess.CalledProcessError as error:
        raise DotFailed(
            f"dot ended with code {error.returncode}: {error.stderr.decode(errors='replace')[:_TOLD]}"
        ) from error
    except OSError as error:
        raise DotFailed(f"dot could not be used: {error}") from error
    return done.stdout
