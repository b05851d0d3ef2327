"""Who may change a state: models/transitions.py and the vendors' SQL, nobody else."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.rule import Breach, rule
from tests.architecture.source import Module

# These never see a row.
NO_ROWS = {"core", "drawing", "exceptions"}
WORD = "state is changed by the verbs of models/transitions.py only"


@rule("one-writer-of-state")
def one_writer_of_state(module: Module) -> Iterator[Breach]:
    """Find assignments to ``.state`` and updates of the column."""
    if module.path == "models/transitions.py" or module.room in {*NO_ROWS, "dialects"}:
        return
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "state" and isinstance(node.ctx, ast.Store):
            yield node.lineno, f"assignment to .state: {WORD}"
    for call, name in module.calls():
        if writes_state(call, name.rpartition(".")[2]):
            yield call.lineno, f"{name}(... state ...): {WORD}"


def writes_state(call: ast.Call, verb: str) -> bool:
    """Return whether a call changes the state of an existing row."""
    if verb in ("update", "aupdate"):
        return "state" in {keyword.arg for keyword in call.keywords} or names_state(call.keywords)
    if verb in ("update_or_create", "aupdate_or_create"):
        return names_state([keyword for keyword in call.keywords if keyword.arg == "defaults"])
    if verb in ("bulk_update", "abulk_update", "setattr"):
        return names_state(call.args) or names_state(call.keywords)
    if verb in ("bulk_create", "abulk_create"):
        return names_state([keyword for keyword in call.keywords if keyword.arg == "update_fields"])
    return False


def names_state(nodes: list[ast.expr] | list[ast.keyword]) -> bool:
    """Return whether the word "state" is written somewhere below these nodes."""
    return any(isinstance(n, ast.Constant) and n.value == "state" for node in nodes for n in ast.walk(node))
