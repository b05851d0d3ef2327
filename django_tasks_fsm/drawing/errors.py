"""The errors of the drawing room."""

from __future__ import annotations

from collections.abc import Iterable

from django_tasks_fsm.exceptions import TasksFSMError


class DuplicateNode(TasksFSMError, ValueError):
    """Name the key that two nodes of one graph share."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"Two nodes of the graph have the key {key!r}. Give every node a key of its own.")


class GraphTooLarge(TasksFSMError, ValueError):
    """Say that a graph has more nodes than one picture may hold."""

    def __init__(self, count: int, cap: int) -> None:
        self.count, self.cap = count, cap
        super().__init__(f"The graph has {count} nodes, a picture holds {cap}. Draw a part: neighbourhood(graph, ...).")


class UnknownEngine(TasksFSMError, ValueError):
    """Name a layout engine that does not exist."""

    def __init__(self, engine: str, choices: Iterable[str]) -> None:
        self.engine = engine
        super().__init__(f"{engine!r} is no layout engine. Choose one of: {', '.join(choices)}.")


class UnknownMachine(TasksFSMError, ValueError):
    """Name a state machine that does not exist."""

    def __init__(self, name: str, choices: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"{name!r} is no state machine. Choose one of: {', '.join(choices)}.")


class DotFailed(TasksFSMError):
    """Say why Graphviz gave no geometry."""


class LayoutFailed(TasksFSMError):
    """Say that no layout engine could arrange a graph, and why each of them failed."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(f"The graph could not be arranged: {'; '.join(self.reasons)}. Show its links as a table.")
