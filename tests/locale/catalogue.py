"""Read .po and .mo files with nothing but the standard library."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[\d+\])? )?(".*")')
CONTEXT_END = "\x04"
"""What stands between context and msgid in a compiled catalogue."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``ids`` has the plural second, ``texts`` has one for each plural form of the language."""

    context: str | None
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    flags: frozenset[str]

    @property
    def key(self) -> tuple[str | None, tuple[str, ...]]:
        """Return what makes it the same message in another catalogue."""
        return self.context, self.ids

    def compiled(self) -> dict[Any, str]:
        """Return what a compiled catalogue holds for it."""
        name = self.ids[0] if self.context is None else f"{self.context}{CONTEXT_END}{self.ids[0]}"
        return {name: self.texts[0]} if len(self.ids) == 1 else {(name, at): text for at, text in enumerate(self.texts)}


def read_po(path: Path) -> list[Message]:
    """Return the messages of a source, without its header."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    return [message for message in map(_message, blocks) if message.ids != ("",)]


def read_mo(path: Path) -> dict[Any, str]:
    """Return the messages of a compiled catalogue, without its header."""
    with path.open("rb") as compiled:
        held = cast("dict[Any, str]", gettext.GNUTranslations(compiled)._catalog)  # type: ignore[attr-defined]
    return {name: text for name, text in held.items() if name != ""}


def _message(block: str) -> Message:
    parts: list[tuple[str, str]] = []
    for kind, text in _strings(block):
        if kind:
            parts.append((kind, text))
        else:
            parts[-1] = parts[-1][0], parts[-1][1] + text
    return Message(
        context=next((text for kind, text in parts if kind == "msgctxt"), None),
        ids=tuple(text for kind, text in parts if kind.startswith("msgid")),
        texts=tuple(text for kind, text in parts if kind == "msgstr"),
        flags=frozenset(re.findall(r"[\w-]+", " ".join(re.findall(r"^#,(.*)$", block, re.MULTILINE)))),
    )


def _strings(block: str) -> Iterator[tuple[str, str]]:
    """Yield the strings of a block with the word before them; a string that goes on has none."""
    for line in block.splitlines():
        found = LINE.fullmatch(line)
        if found:
            yield found[1] or "", ast.literal_eval(found[2])
