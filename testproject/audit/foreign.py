"""Find the files in the directories of a distribution that nobody claims."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import PurePath

from audit.examination import BYTECODE, SIGNATURES
from audit.record import Entry, absolute

Check = Callable[[], object]


def foreign_files(entries: Sequence[Entry], location: str, claimed: Container[str], check: Check) -> Iterator[str]:
    """Yield the files below the distribution's own directories that neither it nor ``claimed`` lists."""
    own = {absolute(location, entry.path) for entry in entries}
    for directory in _own_directories(entries):
        for path in _files_below(absolute(location, directory), check):
            if path not in own and path not in claimed and not _leads_to_own(path, own):
                yield os.path.relpath(path, location)


def _own_directories(entries: Sequence[Entry]) -> list[str]:
    """Return the top-level directories in which RECORD lists files: packages, libraries and the metadata."""
    parts = (PurePath(os.path.normpath(entry.path)).parts for entry in entries if not os.path.isabs(entry.path))
    return sorted({first for first, *below in parts if below and first not in ("..", "__pycache__")})


def _files_below(directory: str, check: Check) -> Iterator[str]:
    for folder, folders, files in os.walk(directory):
        check()
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted(files + links):
            if not name.endswith(BYTECODE) and name not in SIGNATURES:
                yield os.path.join(folder, name)


def _leads_to_own(path: str, own: set[str]) -> bool:
    """Say whether the path is a linked directory through which RECORD lists files."""
    return os.path.islink(path) and any(listed.startswith(path + os.sep) for listed in own)
