"""The package's source as syntax trees, and the questions that every rule asks of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from tests.architecture.tiers import TIER

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "django_tasks_fsm"


@dataclass(frozen=True)
class Import:
    """One imported name: where, what (dotted, with the name itself), and when it is carried out."""

    line: int
    name: str
    at_import_time: bool
    for_types_only: bool

    @property
    def room(self) -> str | None:
        """Return the room of the package that it reaches, None for other packages."""
        parts = self.name.split(".")
        if parts[0] != PACKAGE:
            return None
        return parts[1] if len(parts) > 1 and parts[1] in TIER else "__init__"


@dataclass(frozen=True)
class Module:
    """One file of the package; ``path`` is relative to the package."""

    path: str
    text: str

    @property
    def room(self) -> str:
        """Return the first folder, or the file's name where it lies at the top."""
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def dotted(self) -> str:
        """Return the module's name."""
        return f"{PACKAGE}.{self.path.removesuffix('.py').replace('/', '.')}".removesuffix(".__init__")

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Return every node of the tree."""
        return list(ast.walk(self.tree))

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Give every call with what is called, as far as it is written as a dotted name."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield node, dotted(node.func)

    @cached_property
    def imports(self) -> list[Import]:
        """Return every import, also those inside functions."""
        return list(imports_below(self.tree, at_import_time=True, for_types_only=False))


def dotted(node: ast.AST) -> str:
    """Return an expression such as ``a.b().c`` as "a.b.c"; what is not a name becomes "?"."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{dotted(node.value)}.{node.attr}"
        case ast.Call():
            return dotted(node.func)
        case ast.Subscript():
            return dotted(node.value)
    return "?"


def imports_below(node: ast.AST, *, at_import_time: bool, for_types_only: bool) -> Iterator[Import]:
    """Give the imports below a node; bodies of functions are carried out later, TYPE_CHECKING blocks never."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            base = f"{child.module}." if isinstance(child, ast.ImportFrom) else ""
            for alias in child.names:
                yield Import(child.lineno, base + alias.name, at_import_time, for_types_only)
        elif isinstance(child, ast.If) and dotted(child.test).endswith("TYPE_CHECKING"):
            body = ast.Module(child.body, [])
            yield from imports_below(body, at_import_time=False, for_types_only=True)
            rest = ast.Module(child.orelse, [])
            yield from imports_below(rest, at_import_time=at_import_time, for_types_only=for_types_only)
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports_below(child, at_import_time=at_import_time and not later, for_types_only=for_types_only)


@cache
def modules() -> list[Module]:
    """Return every Python file of the package."""
    base = ROOT / PACKAGE
    return [
        Module(path.relative_to(base).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(base.rglob("*.py"))
    ]
