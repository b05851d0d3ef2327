"""Small environments on disk: real distributions with correct RECORDs, ready to be damaged."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path

Row = tuple[str, str, str]


class ScratchEnvironment:
    """An environment below one prefix, with the layout of a virtual environment."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self.site = prefix / "lib" / "python3.11" / "site-packages"
        self.site.mkdir(parents=True)

    @property
    def location(self) -> str:
        """The site-packages directory as the inventory names it."""
        return os.path.realpath(self.site)

    def install(self, name: str, files: Mapping[str, bytes], *, version: str = "1.0", rows: Iterable[Row] = ()) -> Path:
        """Write a distribution and return its metadata directory; ``rows`` are added to RECORD as they stand."""
        metadata = self.site / f"{name}-{version}.dist-info"
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        content = {**files, f"{metadata.name}/METADATA": text, f"{metadata.name}/INSTALLER": b"pip\n"}
        for path, data in content.items():
            self.write(path, data)
        self.record(metadata, [*(self.row(path, data) for path, data in content.items()), *rows])
        return metadata

    def write(self, path: str, data: bytes) -> Path:
        """Write a file relative to site-packages."""
        target = self.site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def record(self, metadata: Path, rows: Iterable[Row]) -> None:
        """Write RECORD, whose own line has neither hash nor size."""
        with (metadata / "RECORD").open("w", newline="", encoding="utf-8") as text:
            csv.writer(text).writerows([*rows, (f"{metadata.name}/RECORD", "", "")])

    @staticmethod
    def row(path: str, data: bytes, *, algorithm: str = "sha256") -> Row:
        """Return a correct line of RECORD."""
        digest = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
        return path, f"{algorithm}={digest}", str(len(data))

    def copy_installed(self, name: str) -> None:
        """Copy a distribution of the running interpreter, file by file as its RECORD lists them."""
        found = distribution(name)
        for path in found.files or ():
            target = self.site / str(path)
            if Path(str(path.locate())).is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(path.locate()), target)
