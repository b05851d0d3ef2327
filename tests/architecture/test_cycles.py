"""No module needs itself to be imported."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.source import Module, modules


def needed_at_import(all_modules: list[Module]) -> Mapping[str, set[str]]:
    """Return which modules each module names in imports that are carried out when it is imported."""
    known = {module.dotted for module in all_modules}
    graph: dict[str, set[str]] = {}
    for module in all_modules:
        named = [found.name for found in module.imports if found.at_import_time]
        graph[module.dotted] = {name if name in known else name.rpartition(".")[0] for name in named} & known
    return graph


def test_no_module_imports_itself_in_a_circle() -> None:
    TopologicalSorter(needed_at_import(modules())).prepare()


def test_a_circle_is_found() -> None:
    circle = [
        Module("core/a.py", "from django_tasks_fsm.core import b"),
        Module("core/b.py", "import django_tasks_fsm.core.c"),
        Module("core/c.py", "from django_tasks_fsm.core.a import thing"),
    ]
    with pytest.raises(CycleError):
        TopologicalSorter(needed_at_import(circle)).prepare()


def test_an_import_inside_a_function_closes_no_circle() -> None:
    harmless = [
        Module("core/a.py", "from django_tasks_fsm.core import b"),
        Module("core/b.py", "def f():\n    from django_tasks_fsm.core.a import thing"),
    ]
    TopologicalSorter(needed_at_import(harmless)).prepare()
