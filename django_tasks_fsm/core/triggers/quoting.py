"""Show a hostile value in an error message without letting it flood or break the message."""

from __future__ import annotations

MAX_SHOWN = 60


def quoted(value: object) -> str:
    """Return ``repr(value)``, cut to a readable length."""
    try:
        text = repr(value[: MAX_SHOWN + 1] if isinstance(value, str) else value)
    except Exception:  # repr() of an integer of 5,000 digits raises, as may any foreign __repr__
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
