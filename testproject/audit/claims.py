"""The files that any distribution of an environment claims: they are foreign to none."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.metadata import Distribution

from audit.distribution import each_once, metadata_path
from audit.record import BrokenRecord, absolute, read_record


class ClaimedFiles(Container[str]):
    """The absolute paths that any distribution in the directories of ``path`` claims.

    Reads every RECORD at the first question only: most verifications have no doubtful file and never ask.
    """

    def __init__(self, path: Sequence[str] | None = None) -> None:
        self._path = path

    def __contains__(self, path: object) -> bool:
        return path in self._files

    @cached_property
    def _files(self) -> frozenset[str]:
        return frozenset(path for found in each_once(self._path) for path in _claims(found))


def _claims(found: Distribution) -> Iterator[str]:
    """Yield the absolute paths that a distribution claims, up to the first broken line of its RECORD."""
    metadata = metadata_path(found)
    try:
        with suppress(BrokenRecord):
            yield from (absolute(str(metadata.parent), entry.path) for entry in read_record(metadata))
    except OSError:
        yield from (absolute(str(metadata.parent), str(path)) for path in found.files or ())
