"""Where SQL may be written: in the dialects."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.rule import Breach, rule
from tests.architecture.source import Module

RAW_CALLS = {"cursor", "execute", "executemany", "callproc", "raw", "extra", "RawSQL", "RunSQL"}


@rule("vendors-only-in-dialects")
def vendors_only_in_dialects(module: Module) -> Iterator[Breach]:
    """Find questions about the vendor, or about what it can do."""
    for node in module.nodes:
        if module.room != "dialects" and isinstance(node, ast.Attribute) and node.attr in ("vendor", "features"):
            yield node.lineno, f".{node.attr}: what differs between databases is a method of the dialect"


@rule("sql-only-in-dialects")
def sql_only_in_dialects(module: Module) -> Iterator[Breach]:
    """Find SQL that is not written through the ORM."""
    for call, name in module.calls():
        receiver, _, verb = name.rpartition(".")
        if module.room != "dialects" and verb in RAW_CALLS and not receiver.endswith("dialect"):
            yield call.lineno, f"{name}(): SQL is written in dialects/ only"


@rule("sql-is-not-pasted")
def sql_is_not_pasted(module: Module) -> Iterator[Breach]:
    """Find statements that are put together at the place where they are executed."""
    for call, name in module.calls():
        statement = call.args[0] if call.args else None
        if module.room != "dialects" and name.rpartition(".")[2] in ("execute", "executemany") and is_pasted(statement):
            yield call.lineno, f"{name}() of a pasted statement: pass values as parameters"


@rule("conflicts-are-not-ignored")
def conflicts_are_not_ignored(module: Module) -> Iterator[Breach]:
    """Find ``ignore_conflicts``, which hides every broken constraint, not only the expected one."""
    for call, name in module.calls():
        if "ignore_conflicts" in {keyword.arg for keyword in call.keywords}:
            yield call.lineno, f"{name}(ignore_conflicts=...): name the constraint that may be met"


def is_pasted(statement: ast.expr | None) -> bool:
    """Return whether an expression is an f-string, ``%``, ``+`` or ``.format()``."""
    if isinstance(statement, ast.Call):
        return isinstance(statement.func, ast.Attribute) and statement.func.attr in ("format", "join")
    return isinstance(statement, ast.JoinedStr | ast.BinOp)
