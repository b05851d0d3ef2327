"""Read the RECORD of an installed distribution: the files that its installer wrote."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """One line of a RECORD; ``path`` is relative to the location, ``algorithm`` is empty where no hash is given."""

    path: str
    algorithm: str
    digest: str
    size: int | None


class BrokenRecord(ValueError):
    """Say where a RECORD is not what its specification asks for."""


def read_record(metadata: Path) -> Iterator[Entry]:
    """Yield the lines of the RECORD in a metadata directory.

    Raise FileNotFoundError or NotADirectoryError where there is none, BrokenRecord at the first line that is wrong.
    """
    with (metadata / "RECORD").open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        try:
            yield from (_entry(row) for row in rows if row)
        except UnicodeDecodeError as error:
            raise BrokenRecord(f"it is not UTF-8 ({error.reason})") from error
        except (csv.Error, ValueError) as error:
            raise BrokenRecord(f"line {rows.line_num}: {error}") from error
        if not rows.line_num:
            raise BrokenRecord("it is empty")


def absolute(location: str, path: str) -> str:
    """Return the absolute path that a RECORD at ``location`` means by ``path``; no link is resolved."""
    return os.path.normpath(os.path.join(location, path))


def _entry(row: list[str]) -> Entry:
    if len(row) != 3:
        raise ValueError(f"{len(row)} columns instead of path, hash and size")
    path, signature, size = row
    algorithm, _, digest = signature.partition("=")
    if not path or "\0" in path or bool(algorithm) != bool(digest):
        raise ValueError(f"{row!r:.200} is not path, algorithm=hash and size")
    return Entry(path, algorithm.lower(), digest.rstrip("="), int(size) if size else None)
