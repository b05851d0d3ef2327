"""What a rule is: a function that finds its breaches in one module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.architecture.source import PACKAGE, Module

Breach = tuple[int, str]
Check = Callable[[Module], Iterator[Breach]]

RULES: dict[str, Check] = {}


def rule(name: str) -> Callable[[Check], Check]:
    """Register a rule under the name that exemptions and examples use."""

    def register(check: Check) -> Check:
        RULES[name] = check
        return check

    return register


def breaches(name: str, module: Module) -> list[str]:
    """Return what breaks the rule in that module, each with file and line."""
    return [f"{PACKAGE}/{module.path}:{line}: {what}" for line, what in sorted(RULES[name](module))]
