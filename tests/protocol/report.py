"""What the searches found, as it is printed and stands in the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.protocol.guards import COVERED, GUARDS, Guard, Subject, without
from tests.protocol.search import Found

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "model.md"
BEGIN, END = "<!-- begin of what python -m tests.protocol prints -->\n", "<!-- end -->\n"


def protocol_line(subject: Subject) -> str:
    """Return the line of the protocol with all of its guards."""
    return f"| {subject} | {without(subject).states:,} | {without(subject).breaks or 'nothing breaks'} |"


def guard_line(guard: Guard) -> str:
    """Return the line of a guard that is left out."""
    found = without(guard.subject, guard.name)
    return f"| {guard.name} | {found.breaks} | {len(found.trace)} | {found.states:,} |"


def covered_line(guard: Guard) -> str:
    """Return the line of a guard that may go alone."""
    found = without(guard.subject, guard.name, guard.covered_by)
    return f"| {guard.name} | {guard.covered_by} | {found.breaks} | {len(found.trace)} |"


def way(name: str, found: Found) -> str:
    """Return the shortest way to what breaks."""
    return f"- without *{name}*: {'; '.join(found.trace)}: **{found.breaks}**."


def lines() -> Iterator[str]:
    """Give everything, line by line."""
    yield from ("", "| protocol | states | |", "|---|---|---|", protocol_line("run"), protocol_line("schedule"), "")
    yield from ("| without this guard | this breaks | steps | states |", "|---|---|---|---|")
    yield from map(guard_line, GUARDS)
    yield from ("", "| this guard may go alone | not with this one | this breaks | steps |", "|---|---|---|---|")
    yield from map(covered_line, COVERED)
    yield from ("", "The shortest ways:", "")
    for guard in GUARDS:
        yield way(guard.name, without(guard.subject, guard.name))
    for guard in COVERED:
        yield way(f"{guard.name}* and *{guard.covered_by}", without(guard.subject, guard.name, guard.covered_by))
    yield ""


def page() -> str:
    """Return the page with the lines in their place."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n".join(lines()) + "\n" + END + after
