"""The pages of the documentation, cut into blocks, prose, tables, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FENCE = re.compile(r"```(\S*)\s*$")
FILE = re.compile(r"# ([\w/]+\.(?:py|toml))$")
HEADING = re.compile(r"#{1,6} (.+)$")
LINK = re.compile(r"\]\(([^()\s]+)\)|\b(?:src|srcset|href)=\"([^\"]+)\"")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """What stands between two fences; ``line`` is that of its first line in the page."""

    language: str
    text: str
    line: int

    @property
    def file(self) -> str:
        """Return the name of the file that the first line's comment says this is, "" where it says none."""
        found = FILE.match(self.text.split("\n", 1)[0])
        return found[1] if found else ""


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        """Return the path as people write it."""
        return self.path.relative_to(ROOT).as_posix() if self.path.is_relative_to(ROOT) else self.path.name

    @cached_property
    def text(self) -> str:
        """Return the source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        """Return the fenced blocks in order."""
        found: list[Block] = []
        opened: tuple[str, int] | None = None
        lines = self.text.split("\n")
        for number, line in enumerate(lines, start=1):
            fence = FENCE.match(line)
            if opened is None and fence:
                opened = fence[1], number + 1
            elif opened is not None and line.rstrip() == "```":
                language, first = opened
                found.append(Block(language, "\n".join(lines[first - 1 : number - 1]) + "\n", first))
                opened = None
        if opened is not None:
            raise ValueError(f"{self.name}:{opened[1] - 1}: this fence is never closed.")
        return found

    @cached_property
    def prose(self) -> list[tuple[int, str]]:
        """Return (number, text) of every line outside the blocks."""
        inside = {
            number for block in self.blocks for number in range(block.line - 1, block.line + block.text.count("\n") + 1)
        }
        return [(number, line) for number, line in enumerate(self.text.split("\n"), start=1) if number not in inside]

    @cached_property
    def anchors(self) -> set[str]:
        """Return the anchors that its headings get on a code hosting site."""
        headings = (HEADING.match(line) for _, line in self.prose)
        return {anchor(found[1]) for found in headings if found}

    def links(self) -> Iterator[tuple[int, str]]:
        """Give (number of the line, target) for every link and picture."""
        for number, line in self.prose:
            for found in LINK.finditer(CODE.sub("", line)):
                yield number, found[1] or found[2]

    def section(self, heading: str) -> str:
        """Return the lines below a heading, up to the next one of any level."""
        below: list[str] = []
        inside = False
        for _, line in self.prose:
            if found := HEADING.match(line):
                inside = found[1] == heading
            elif inside:
                below.append(line)
        if not below:
            raise LookupError(f"{self.name} has no heading {heading!r}.")
        return "\n".join(below)

    def first_column(self, heading: str) -> list[str]:
        """Return the names in code type that stand in the first column of the table below a heading."""
        rows = [line for line in self.section(heading).split("\n") if line.startswith("| ")]
        cells = [row.split("|")[1] for row in rows[1:]]
        return [name for cell in cells for name in CODE.findall(cell)]


def anchor(heading: str) -> str:
    """Return the anchor of a heading: lower case, blanks as hyphens, other signs left out."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def pages() -> list[Page]:
    """Return every page that users read: those at the top and those below docs."""
    tops = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
    return [Page(path) for path in (*tops, *sorted((ROOT / "docs").rglob("*.md")))]


def page(name: str) -> Page:
    """Return one page by its path from the top of the checkout."""
    return Page(ROOT / name)
