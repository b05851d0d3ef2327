"""Commands carried out in this process, with what a shell would see of them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def command(*arguments: object) -> tuple[int, str]:
    """Carry ``tasks_fsm`` out and return exit code and output."""
    out = io.StringIO()
    try:
        call_command("tasks_fsm", *map(str, arguments), stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def as_json(*arguments: object, code: int = 0) -> dict[str, Any]:
    """Carry it out with --json and return the object; it must end with ``code``."""
    ended, out = command(*arguments, "--json")
    assert ended == code, out
    found: dict[str, Any] = json.loads(out)
    return found


def refusal(*arguments: object) -> str:
    """Return the sentence of a command that ends with 2."""
    with pytest.raises(CommandError) as caught:
        command(*arguments)
    assert caught.value.returncode == 2
    return str(caught.value)
