"""Functions for the tasks of these tests; a fixture registers them, so other rooms never see them."""

from __future__ import annotations

from typing import Any


def fetch(since: str = "") -> None:
    """Take one optional argument."""


def score(region: str, *, limit: int = 10, api_token: str = "") -> None:
    """Take one positional argument and two by name."""


def watched(context: Any, folder: str) -> None:
    """Take a context first."""


def charge(order: dict[str, Any], card: str, *codes: str, note: str = "", **headers: Any) -> None:
    """Take a number that no name gives away."""


def sealed(name: str, *, size: int = 1) -> None:
    """Take what nobody may see."""
