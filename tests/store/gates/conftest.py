"""A function that is registered."""

from __future__ import annotations

from tests.store.registered import registered

__all__ = ["registered"]
