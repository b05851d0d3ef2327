"""Judge one file by its line of RECORD."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from functools import partial
from pathlib import Path, PurePath
from typing import NamedTuple

from audit.record import Entry, absolute
from audit.report import Finding

SIGNATURES = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s"})
BYTECODE = (".pyc", ".pyo")


class Verdict(NamedTuple):
    """The judgement of one file: ``compared`` with a hash or size, ``hashed`` bytes."""

    finding: Finding | None
    why: str = ""
    compared: bool = False
    hashed: int = 0


def examine(entry: Entry, location: str, prefix: str) -> Verdict:
    """Judge one line of RECORD; a file that lies, or is linked to, outside ``prefix`` is not opened."""
    path = os.path.realpath(absolute(location, entry.path))
    if not PurePath(path).is_relative_to(prefix):
        return Verdict("outside")
    try:
        return _compare(entry, path)
    except (FileNotFoundError, NotADirectoryError):
        return Verdict(None if entry.path.endswith(BYTECODE) else "missing")
    except OSError as error:
        return Verdict("unreadable", reason(error))


def environment_prefix(location: str) -> str:
    """Return the directory that a distribution in ``location`` may write to: PREFIX of PREFIX/lib/.../site-packages."""
    real = Path(os.path.realpath(location))
    if real.name in {"site-packages", "dist-packages"}:
        for parent in list(real.parents)[:2]:
            if parent.name.lower() in {"lib", "lib64"}:
                return str(parent.parent)
    return str(real)


def _compare(entry: Entry, path: str) -> Verdict:
    """Compare size first, because it is cheap; open regular files only, because a pipe would block for ever."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        return Verdict("changed", "not a regular file", compared=True)
    if entry.size not in (None, status.st_size):
        return Verdict("changed", f"{status.st_size} bytes, RECORD says {entry.size}", compared=True)
    if not entry.algorithm:
        exempt = entry.path.endswith(BYTECODE) or PurePath(entry.path).name in SIGNATURES
        return Verdict(None if exempt else "unhashed")
    if not _is_known(entry.algorithm):
        return Verdict("unhashed", f"{entry.algorithm} is not available here")
    if _digest(path, entry.algorithm) != entry.digest:
        return Verdict("changed", f"{entry.algorithm} differs", compared=True, hashed=status.st_size)
    return Verdict(None, compared=True, hashed=status.st_size)


def _is_known(algorithm: str) -> bool:
    """Say whether hashlib has the algorithm; one without a fixed size (shake_128) cannot be spelt in a RECORD."""
    try:
        return hashlib.new(algorithm, usedforsecurity=False).digest_size > 0
    except ValueError:
        return False


def _digest(path: str, algorithm: str) -> str:
    """Return a file's digest as RECORD spells it; the file is read in chunks."""
    with open(path, "rb") as content:
        digest = hashlib.file_digest(content, partial(hashlib.new, algorithm, usedforsecurity=False)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def reason(error: OSError) -> str:
    """Return what the system says is wrong."""
    return error.strerror or str(error)
