"""Write the tables and pictures of the two state machines into the documentation.

``python -m scripts.docs_states``, from the checkout. With ``--check`` nothing is written, and the exit code is 1 when a
file is stale.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import get_args

from django_tasks_fsm.drawing import machine_svg, machine_table
from django_tasks_fsm.drawing.machine import MachineName

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "reference" / "states.md"
NAMES: tuple[MachineName, ...] = get_args(MachineName)


def fresh() -> dict[Path, str]:
    """Return what the files should hold."""
    page = PAGE.read_text(encoding="utf-8")
    files = {}
    for name in NAMES:
        page = with_table(page, name, machine_table(name))
        files[DOCS / "images" / f"{name}-states.svg"] = machine_svg(name, standalone=True) + "\n"
    return {PAGE: page, **files}


def with_table(page: str, name: str, table: str) -> str:
    """Return the page with ``table`` between its mark and the next empty line but one; raise LookupError without it."""
    mark = f"<!-- table of {name} -->\n\n"
    changed, count = re.subn(re.escape(mark) + r"(?:\|.*\n)*\n?", lambda found: f"{mark}{table}\n", page)
    if count != 1:
        raise LookupError(f"{PAGE} must have the mark {mark.strip()!r} once, not {count} times.")
    return changed


def stale() -> dict[Path, str]:
    """Return the files that do not hold what they should, with what they should."""
    return {
        path: text for path, text in fresh().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main(arguments: list[str]) -> int:
    """Write the stale files, or with ``--check`` only name them."""
    from django.conf import settings

    settings.configure(USE_I18N=False)
    found = stale()
    for path, text in found.items():
        print(path.relative_to(DOCS.parent))
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    return int("--check" in arguments and bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
