"""Runs and their links as a graph to draw."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from django_tasks_fsm.core.prerequisites import Condition, Standing, standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing import Edge, Graph, Node
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.pictures.around import UP, Link, Side
from django_tasks_fsm.pictures.runs import NEIGHBOURS, Runs
from django_tasks_fsm.pictures.words import relative, short_name, shown_state, tail

Page = Callable[[str, Any], str]
"""Return the address of a row's page by model and key; the empty string where there is none."""


def no_page(model: str, pk: Any) -> str:
    """Return no address: for pictures that leave the site."""
    return ""


def graph_of(shown: Runs, current: uuid.UUID | None, page: Page = no_page, rest_href: str = "") -> Graph:
    """Return the records for the drawing; what was left out stands as a card behind its neighbour."""
    states = {run.pk: run.state for run in shown.runs}
    inside = [link for link in shown.links if link.source in states and link.target in states]
    nodes = [_node(run, current, page) for run in shown.runs]
    edges = [_edge(link, standing_of(link, states[link.source])) for link in inside]
    more = list(rest_of(shown.rest, rest_href))
    return Graph((*nodes, *(node for node, _ in more)), (*edges, *(edge for _, edge in more)), gettext("Run graph"))


def label_of(run: TaskRun) -> str:
    """Return what tells a run apart: its label, or the name of its task."""
    return run.label or short_name(run.task.name)


def _node(run: TaskRun, current: uuid.UUID | None, page: Page) -> Node:
    return Node(
        key=str(run.pk),
        label=label_of(run),
        state=shown_state(run),
        href=page("taskrun", run.pk),
        note=_note(run),
        progress=run.progress if run.state == RunState.RUNNING else None,
        current=run.pk == current,
    )


def _note(run: TaskRun) -> str:
    if run.state == RunState.PENDING and not run.waiting_on:
        return relative(run.run_at)
    return short_name(run.task.name) if run.label else tail(run.pk)


def _edge(link: Link, how: Standing) -> Edge:
    return Edge(str(link.source), str(link.target), link.condition, how.value, link.on_failure)


def standing_of(link: Link, state: str) -> Standing:
    """Return how a link stands; one that cannot be met any more but does not matter either counts as met."""
    how = standing(Condition(link.condition), RunState(state))
    return Standing.MET if how is Standing.BROKEN and link.met else how


def rest_of(rest: Mapping[Side, int], href: str) -> Iterator[tuple[Node, Edge]]:
    """Give a card and its edge for each side of a node that has more neighbours than are shown."""
    for (key, side), count in rest.items():
        text = ngettext("+%(count)d more", "+%(count)d more", count) % {"count": count}
        # So many were not counted to their end.
        node = Node(f"{key}-{side}", gettext("more") if count >= NEIGHBOURS // 2 else text, "", href, is_rest=True)
        ends = (node.key, str(key)) if side == UP else (str(key), node.key)
        yield node, Edge(*ends, standing="rest")
