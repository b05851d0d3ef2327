"""A second connection, for what two do at the same moment."""

from __future__ import annotations

from tests.store.threads import other

__all__ = ["other"]
