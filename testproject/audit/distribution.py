"""Find installed distributions and say what they are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

METADATA_SUFFIXES = (".dist-info", ".egg-info")


def find(name: str, location: str) -> Distribution | None:
    """Return the distribution that bears ``name`` in the directory ``location`` now."""
    return next(iter(distributions(name=name, path=[location])), None)


def each_once(path: Sequence[str] | None) -> Iterator[Distribution]:
    """Yield every distribution once, though two entries of the path may lead to the same directory (lib64 -> lib)."""
    seen: set[Path] = set()
    for found in distributions() if path is None else distributions(path=list(path)):
        metadata = metadata_path(found)
        if metadata not in seen:
            seen.add(metadata)
            yield found


def metadata_path(found: Distribution) -> Path:
    """Return the absolute path of a distribution's metadata directory; importlib has no public name for it."""
    return Path(os.path.realpath(str(getattr(found, "_path", ""))))


def identity(found: Distribution) -> tuple[str, str, str | None]:
    """Return name, version and what is wrong with the metadata.

    The name of the metadata directory outranks the name inside, because ``find`` looks for the directory.
    """
    metadata = metadata_path(found)
    stem, _, release = metadata.stem.partition("-")
    try:
        fields = found.metadata
        name, version = (str(fields[key]).strip() if key in fields else "" for key in ("Name", "Version"))
    except (OSError, TypeError, ValueError, LookupError, AttributeError) as error:
        return stem, release, f"{metadata.name} cannot be read: {type(error).__name__}."
    if not (name and version):
        return stem, version or release, f"{metadata.name} gives no name or no version."
    if metadata.suffix in METADATA_SUFFIXES and canonical(name) != canonical(stem):
        return stem, version, f"{metadata.name} says that its name is {name!r}."
    return name, version, None


def canonical(name: str) -> str:
    """Return the form in which two spellings of one name are equal (rule of the packaging specifications)."""
    return re.sub(r"[-_.]+", "-", name).lower()
