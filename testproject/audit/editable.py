"""Tell an editable installation, whose code lives elsewhere, from one that can be verified."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import Distribution
from pathlib import Path, PurePath

from audit.distribution import metadata_path
from audit.record import Entry

EDITABLE_HOOKS = ("__editable__", "_editable_impl_")


def is_editable(found: Distribution, entries: Sequence[Entry]) -> bool:
    """Say whether only a pointer is installed: direct_url.json, an editable hook or a lone .pth with a path tells."""
    metadata = metadata_path(found)
    payload = [entry.path for entry in entries if not entry.path.startswith(f"{metadata.name}/")]
    return (
        _says_editable(found)
        or any(PurePath(path).name.startswith(EDITABLE_HOOKS) for path in payload)
        or (bool(payload) and all(_points_elsewhere(metadata.parent / path) for path in payload))
    )


def _says_editable(found: Distribution) -> bool:
    try:
        return bool(json.loads(found.read_text("direct_url.json") or "{}").get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):
        return False  # A damaged direct_url.json differs from its hash, which the verification reports.


def _points_elsewhere(path: Path) -> bool:
    """Say whether the file is a .pth that adds a directory, rather than one that only imports."""
    if path.suffix != ".pth":
        return False
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return any(line.strip() and not line.startswith(("import ", "import\t", "#")) for line in lines)
