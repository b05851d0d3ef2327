"""Graph mathematics on plain dicts, without recursion: a chain of 10,000 is an ordinary input."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from django_tasks_fsm.exceptions import CycleFound

N = TypeVar("N", bound=Hashable)
Edges = Iterable[tuple[N, N]]


def successors(edges: Edges[N]) -> dict[N, list[N]]:
    """Return, for each source, the nodes its edges lead to."""
    out: dict[N, list[N]] = {}
    for source, target in edges:
        out.setdefault(source, []).append(target)
    return out


def closure(start: Iterable[N], neighbours: Mapping[N, Iterable[N]]) -> set[N]:
    """Return ``start`` and everything that can be reached from it."""
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for node in neighbours.get(waiting.pop(), ()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return seen


def path(source: N, target: N, neighbours: Mapping[N, Iterable[N]]) -> list[N] | None:
    """Return one shortest path from ``source`` to ``target``, both included, or None."""
    came_from: dict[N, N | None] = {source: None}
    waiting = deque([source])
    while waiting:
        node = waiting.popleft()
        if node == target:
            return _walk_back(node, came_from)
        for follower in neighbours.get(node, ()):
            if follower not in came_from:
                came_from[follower] = node
                waiting.append(follower)
    return None


def _walk_back(node: N, came_from: Mapping[N, N | None]) -> list[N]:
    steps = [node]
    while (previous := came_from[steps[-1]]) is not None:
        steps.append(previous)
    return steps[::-1]


def layers(nodes: Iterable[N], edges: Edges[N]) -> list[list[N]]:
    """Return the nodes in layers: each stands one layer after the last of its sources (Kahn's algorithm).

    Order within a layer follows ``nodes``. Raise CycleFound naming the members of one cycle.
    """
    ordered = list(dict.fromkeys(nodes))
    edges = list(dict.fromkeys(edges))
    followers = successors(edges)
    missing = dict.fromkeys(ordered, 0)
    for _, target in edges:
        missing[target] += 1
    result: list[list[N]] = []
    current = [node for node in ordered if not missing[node]]
    while current:
        result.append(current)
        current = _released(current, followers, missing)
    if sum(map(len, result)) < len(missing):
        raise CycleFound(cycle_in(edges))
    return result


def _released(layer: Iterable[N], followers: Mapping[N, Iterable[N]], missing: dict[N, int]) -> list[N]:
    free = []
    for node in layer:
        for follower in followers.get(node, ()):
            missing[follower] -= 1
            if not missing[follower]:
                free.append(follower)
    return free


def critical_path(ended: Mapping[N, float], sources: Mapping[N, Iterable[N]]) -> list[N]:
    """Return the chain that decided when all was over: from what ended last back, each time, to its latest source.

    ``ended`` says when each node ended, ``sources`` what it waited for; what has not ended is in neither.
    """
    if not ended:
        return []
    last = max(ended, key=lambda node: ended[node])
    steps = {last: None}
    while found := [node for node in sources.get(last, ()) if node in ended and node not in steps]:
        last = max(found, key=lambda node: ended[node])
        steps[last] = None
    return list(steps)[::-1]


def cycle_in(edges: Edges[N]) -> list[N]:
    """Return the members of one cycle in order, or an empty list."""
    followers = successors(edges)
    finished: set[N] = set()
    for root in followers:
        on_path: dict[N, int] = {}
        stack = [(root, iter(followers.get(root, ())))] if root not in finished else []
        trail: list[N] = []
        while stack:
            node, rest = stack[-1]
            if node not in on_path:
                on_path[node] = len(trail)
                trail.append(node)
            for follower in rest:
                if follower in on_path:
                    return trail[on_path[follower] :]
                if follower not in finished:
                    stack.append((follower, iter(followers.get(follower, ()))))
                    break
            else:
                finished.add(node)
                del on_path[trail.pop()]
                stack.pop()
    return []
