"""Write the table of faults and of the tests that try them into the documentation.

``python -m scripts.docs_faults``, from the checkout. With ``--check`` nothing is written, and the exit code is 1 when
the page is stale.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.catalogue import GROUPS, Fault

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "faults.md"
MARK = "pytest.mark.fault"


@dataclass(frozen=True, order=True)
class Trial:
    """A test that tries a fault; ``path`` begins below the checkout."""

    path: str
    test: str

    @property
    def link(self) -> str:
        """Return a link to its file, in the words of its name."""
        return f"[{self.test.removeprefix('test_').replace('_', ' ')}](../../{self.path})"


def marks(text: str) -> Iterator[tuple[str, str]]:
    """Give (test, name of a fault) for every mark in a module, which is read and not imported."""
    tree = ast.parse(text)
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    for function in functions:
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == MARK:
                yield from ((function.name, ast.literal_eval(name)) for name in decorator.args)


def trials(tests: Path = ROOT / "tests") -> dict[str, list[Trial]]:
    """Return the tests of each fault that is named in a mark."""
    found: dict[str, list[Trial]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for test, name in marks(text) if MARK in text else ():
            found[name].append(Trial(path.relative_to(tests.parent).as_posix(), test))
    return found


def table(faults: Sequence[Fault], found: Mapping[str, Sequence[Trial]]) -> str:
    """Return the rows of one group."""
    lines = ["| no. | fault | what happens | tried by |", "|---|---|---|---|"]
    for fault in faults:
        proofs = [trial.link for trial in found.get(fault.name, ())]
        proofs += [f"Not tried: {fault.untried}"] if fault.untried else []
        lines.append(f"| {fault.name} | {fault.fault} | {fault.answer} | {'<br>'.join(proofs)} |")
    return "\n".join(lines) + "\n"


def fresh() -> str:
    """Return what the page should hold; raise LookupError where a mark for a table is missing."""
    page, found = PAGE.read_text(encoding="utf-8"), trials()
    for group, faults in GROUPS.items():
        mark = f"<!-- faults: {group} -->\n\n"
        rows = table(faults, found)
        page, count = re.subn(re.escape(mark) + r"(?:\|.*\n)*", lambda _: mark + rows, page)  # noqa: B023
        if count != 1:
            raise LookupError(f"{PAGE} must have the mark {mark.strip()!r} once, not {count} times.")
    return page


def main(arguments: list[str]) -> int:
    """Write the page if it is stale, or with ``--check`` only say so."""
    text = fresh()
    if text == PAGE.read_text(encoding="utf-8"):
        return 0
    print(PAGE.relative_to(ROOT))
    if "--check" in arguments:
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
