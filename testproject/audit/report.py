"""What a verification has found, and the error that names the damage."""

from __future__ import annotations

from typing import Literal, TypedDict, cast

Finding = Literal["missing", "changed", "unreadable", "foreign", "unhashed", "outside"]

DAMAGE: tuple[Finding, ...] = ("missing", "changed", "unreadable", "foreign")
NAMED_FILES = 10
# The phrase by which a summary knows damage in an error text.
IS_DAMAGED = "is damaged"


class Report(TypedDict):
    """What was found; paths are as in RECORD, with the reason behind those that need one.

    ``files_checked`` counts the files whose hash or size was compared, ``seconds`` is by the monotonic clock.
    ``unhashed`` (RECORD gives no usable hash) and ``outside`` (refused: not below the environment) are not damage.
    """

    name: str
    version: str
    files_checked: int
    bytes_hashed: int
    seconds: float
    missing: list[str]
    changed: list[str]
    unreadable: list[str]
    foreign: list[str]
    unhashed: list[str]
    outside: list[str]
    unverifiable: str | None


class DamageFound(Exception):
    """Name the damaged files of a report, and the repair."""

    # The report stays the only argument, so that the exception survives pickling on its way out of a process.
    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        found = [f"{finding} {path}" for finding in DAMAGE for path in self.report[finding]]
        rest = f"; and {len(found) - NAMED_FILES} more" if len(found) > NAMED_FILES else ""
        title = f"{self.report['name']} {self.report['version']}".strip()
        return f"{title} {IS_DAMAGED}: {'; '.join(found[:NAMED_FILES])}{rest}. {_repair(self.report)}"


def is_damaged(report: Report) -> bool:
    """Say whether the report holds a finding that a reinstallation or a clean-up must repair."""
    return any(report[finding] for finding in DAMAGE)


def blank(name: str, version: str, unverifiable: str | None = None) -> Report:
    """Return a report without findings."""
    return Report(
        name=name,
        version=version,
        files_checked=0,
        bytes_hashed=0,
        seconds=0.0,
        missing=[],
        changed=[],
        unreadable=[],
        foreign=[],
        unhashed=[],
        outside=[],
        unverifiable=unverifiable,
    )


def stored_report(value: object) -> Report | None:
    """Return what a run has stored as its report, or None where it is none: a person may resolve a run by hand."""
    is_report = isinstance(value, dict) and Report.__required_keys__ <= value.keys()
    return cast("Report", value) if is_report else None


def printable(text: str) -> str:
    """Return the text with control characters and undecodable bytes escaped: databases and terminals refuse them."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _repair(report: Report) -> str:
    name, version = report["name"], report["version"]
    steps = []
    if report["missing"] or report["changed"] or report["unreadable"]:
        steps.append(f"reinstall {name}=={version}" if version else f"reinstall {name}")
    if report["foreign"]:
        steps.append("remove the foreign files that nothing needs")
    repair = " and ".join(steps)
    return f"{repair[:1].upper()}{repair[1:]}, then retry this run."
