"""Compare one installed distribution with its RECORD: every hash, every size, and files that nobody claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from importlib.metadata import Distribution

from audit.distribution import find, identity, metadata_path
from audit.editable import is_editable
from audit.examination import Verdict, environment_prefix, examine, reason
from audit.foreign import Check, foreign_files
from audit.record import BrokenRecord, Entry, read_record
from audit.report import Report, blank, is_damaged, printable

Progress = Callable[[int, int, str], object]


def verify(
    name: str,
    location: str,
    *,
    claimed: Container[str] = frozenset(),
    progress: Progress = lambda done, total, note: None,
    check: Check = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Compare the distribution that bears ``name`` in ``location`` with its RECORD.

    ``claimed`` holds the absolute paths that any distribution claims: those are not foreign. ``progress`` is called
    after each file; ``check`` is called between files and may raise, which ends the verification.
    """
    started = clock()
    found = find(name, location)
    if found is None:
        report = blank(name, "", f"It is no longer installed in {location}.")
    else:
        report = _verify_found(found, claimed, progress, check)
    report["seconds"] = clock() - started
    return report


def _verify_found(found: Distribution, claimed: Container[str], progress: Progress, check: Check) -> Report:
    metadata = metadata_path(found)
    name, version, _ = identity(found)
    report = blank(name, version)
    try:
        entries = list(read_record(metadata))
    except (FileNotFoundError, NotADirectoryError):
        report["unverifiable"] = "It has no RECORD: no installer of wheels has installed it."
    except BrokenRecord as error:
        _note(report, f"{metadata.name}/RECORD", Verdict("changed", str(error)))
    except OSError as error:
        _note(report, f"{metadata.name}/RECORD", Verdict("unreadable", reason(error)))
    else:
        if is_editable(found, entries):
            report["unverifiable"] = "It is installed in editable mode: its code lives elsewhere and changes at will."
        else:
            _verify_entries(report, entries, str(metadata.parent), claimed, progress, check)
    return report


def _verify_entries(
    report: Report, entries: Sequence[Entry], location: str, claimed: Container[str], progress: Progress, check: Check
) -> None:
    prefix = environment_prefix(location)
    for done, entry in enumerate(entries, start=1):
        check()
        _note(report, entry.path, examine(entry, location, prefix))
        progress(done, len(entries), printable(entry.path))
    for path in foreign_files(entries, location, claimed, check):
        _note(report, path, Verdict("foreign"))
    if not report["files_checked"] and not is_damaged(report):
        report["unverifiable"] = f"None of the {len(entries)} files in its RECORD could be compared."


def _note(report: Report, path: str, verdict: Verdict) -> None:
    report["files_checked"] += verdict.compared
    report["bytes_hashed"] += verdict.hashed
    if verdict.finding:
        report[verdict.finding].append(printable(f"{path} ({verdict.why})" if verdict.why else path))
