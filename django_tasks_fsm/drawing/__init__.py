"""Pictures of task graphs and of the state machines, as SVG and as DOT; knows no models.

``graph`` has the records to fill; ``layout`` arranges them; ``svg``, ``cards`` and ``edges`` paint with ``palette`` and
``icons``; ``text`` makes safe what comes from outside, and ``markup`` writes it.
"""

from __future__ import annotations

from django_tasks_fsm.drawing.dot_source import to_dot
from django_tasks_fsm.drawing.errors import GraphTooLarge, LayoutFailed
from django_tasks_fsm.drawing.gantt import draw_gantt
from django_tasks_fsm.drawing.graph import MAX_NODES, Edge, Graph, Node, neighbourhood
from django_tasks_fsm.drawing.icons import icon_svg
from django_tasks_fsm.drawing.machine import machine_svg, machine_table
from django_tasks_fsm.drawing.palette import STATES, word
from django_tasks_fsm.drawing.svg import draw_svg

__all__ = [
    "MAX_NODES",
    "STATES",
    "Edge",
    "Graph",
    "GraphTooLarge",
    "LayoutFailed",
    "Node",
    "draw_gantt",
    "draw_svg",
    "icon_svg",
    "machine_svg",
    "machine_table",
    "neighbourhood",
    "to_dot",
    "word",
]
