"""The records a caller fills to have a graph drawn, and the part of a graph around one node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from django_tasks_fsm.drawing.errors import DuplicateNode

MAX_NODES = 400
"""A picture of more nodes cannot be read, and arranging it holds up a web worker for seconds."""

DONE_CONDITION = "done"
BLOCK_POLICY = "block"

Standing = Literal["met", "waiting", "broken", "rest"]
"""How an edge stands; ``rest`` leads to a card for nodes that are not shown."""


@dataclass(frozen=True, slots=True)
class Node:
    """One card: ``progress`` is in percent, ``note`` follows the word for the state, ``current`` gets a ring.

    ``is_rest`` makes it a card for all the nodes that there was no room for; it has no state.
    """

    key: str
    label: str
    state: str
    href: str = ""
    note: str = ""
    progress: int | None = None
    current: bool = False
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """One prerequisite: ``target`` waits until ``source`` meets the condition; ``on_failure``: what if it cannot."""

    source: str
    target: str
    condition: str = DONE_CONDITION
    standing: Standing = "waiting"
    on_failure: str = BLOCK_POLICY


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges to be drawn; an edge with an end outside the nodes is left out of the picture."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        """Accept any iterables; raise DuplicateNode where two nodes share a key."""
        object.__setattr__(self, "nodes", tuple(self.nodes))
        object.__setattr__(self, "edges", tuple(self.edges))
        seen: set[str] = set()
        for node in self.nodes:
            if node.key in seen:
                raise DuplicateNode(node.key)
            seen.add(node.key)

    def numbers(self) -> dict[str, int]:
        """Return the position of every node by its key."""
        return {node.key: number for number, node in enumerate(self.nodes)}

    def inner_edges(self) -> list[Edge]:
        """Return the edges that have both ends among the nodes."""
        keys = self.numbers()
        return [edge for edge in self.edges if edge.source in keys and edge.target in keys]


def neighbourhood(graph: Graph, key: str, steps: int, limit: int = MAX_NODES) -> Graph:
    """Return the part of ``graph`` within ``steps`` edges of ``key``, the nearest ``limit`` nodes of it.

    The node itself is marked as current. An unknown key gives an empty graph.
    """
    near = _nearest(_neighbours(graph.inner_edges()), key, steps, limit) if key in graph.numbers() else set()
    nodes = [replace(node, current=node.key == key) for node in graph.nodes if node.key in near]
    edges = [edge for edge in graph.edges if edge.source in near and edge.target in near]
    return Graph(tuple(nodes), tuple(edges), graph.title)


def _neighbours(edges: Iterable[Edge]) -> Mapping[str, list[str]]:
    """Return the keys next to each key, up and down alike."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for edge in edges:
        found[edge.source].append(edge.target)
        found[edge.target].append(edge.source)
    return found


def _nearest(neighbours: Mapping[str, list[str]], key: str, steps: int, limit: int) -> set[str]:
    """Walk outwards ring by ring, and stop after ``steps`` rings or ``limit`` nodes."""
    near, ring = {key}, [key]
    for _ in range(steps):
        outer: list[str] = []
        for other in (other for inner in ring for other in neighbours.get(inner, ())):
            if other not in near and len(near) < limit:
                near.add(other)
                outer.append(other)
        ring = outer
        if not ring:
            break
    return near
