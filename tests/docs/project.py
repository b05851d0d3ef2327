"""What the documentation says of this project's own packaging, compared with its files."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import Any

from tests.docs.pages import ROOT


@cache
def metadata() -> dict[str, Any]:
    """Return the [project] table of pyproject.toml."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def check_pip(arguments: list[str]) -> None:
    """Refuse an extra of this project that does not exist."""
    for argument in arguments:
        found = re.fullmatch(r"(?:\.|.*django-tasks-fsm)\[(.+)\]", argument)
        for extra in found[1].split(",") if found else ():
            assert extra in metadata()["optional-dependencies"], f"there is no extra {extra!r}"


def check_make(arguments: list[str]) -> None:
    """Refuse a target that the Makefile does not have."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for argument in arguments:
        assert "=" in argument or argument in targets, f"the Makefile has no target {argument!r}"
