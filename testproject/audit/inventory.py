"""List the distributions that are installed in an environment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import Distribution
from typing import TypedDict

from audit.distribution import canonical, each_once, identity, metadata_path
from audit.record import BrokenRecord, read_record


class Installed(TypedDict):
    """One installed distribution; ``files`` and ``size`` (bytes) are what its RECORD says, None where it has none."""

    name: str
    version: str
    location: str
    files: int | None
    size: int | None
    shadowed: list[str]
    problem: str | None


def inventory(path: Sequence[str] | None = None) -> list[Installed]:
    """List the distributions in the directories of ``path`` (default: ``sys.path``), sorted by name.

    Of several with one name the first wins, as it does in an import; its ``shadowed`` names the others.
    Raise NotADirectoryError for a given directory that is none.
    """
    _require_directories(path or ())
    winners: dict[str, Installed] = {}
    for found in each_once(path):
        record = _describe(found)
        winner = winners.setdefault(canonical(record["name"]), record)
        if winner is not record:
            winner["shadowed"].append(f"{record['version'] or 'unknown version'} in {record['location']}")
    return [winners[name] for name in sorted(winners)]


def _require_directories(path: Sequence[str]) -> None:
    for directory in path:
        if not os.path.isdir(directory):
            raise NotADirectoryError(f"{directory!r} is not a directory. Name the site-packages directory to audit.")


def _describe(found: Distribution) -> Installed:
    metadata = metadata_path(found)
    name, version, problem = identity(found)
    record = Installed(
        name=name, version=version, location=str(metadata.parent), files=None, size=None, shadowed=[], problem=problem
    )
    try:
        entries = list(read_record(metadata))
    except (FileNotFoundError, NotADirectoryError):
        return record
    except (OSError, BrokenRecord) as error:
        record["problem"] = " ".join(filter(None, (problem, f"{metadata.name}/RECORD cannot be used: {error}.")))
        return record
    record["files"], record["size"] = len(entries), sum(entry.size or 0 for entry in entries)
    return record
