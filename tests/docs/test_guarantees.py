"""What is promised says how it is tried, by commands that there are."""

from __future__ import annotations

import importlib.util
import re

import pytest

from tests.docs.pages import CODE, ROOT, Page, page

GUARANTEES, README = page("docs/explanation/guarantees.md"), page("README.md")
PROMISES = re.split(r"\n(?=\*\*)", GUARANTEES.section("Promises").strip())
TRIED = "Tried by: "
ARGUMENTS = re.compile(r"make test PYTEST_ARGS=\"(.+)\"$")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def commands(one: Page) -> list[str]:
    """Return the commands that a page names in its prose."""
    spans = [span for _, line in one.prose for span in CODE.findall(line)]
    return [span.removeprefix("CI=1 ") for span in spans if re.match(r"(CI=1 )?make |\.venv/bin/python -m ", span)]


def is_there(command: str) -> bool:
    """Tell whether what a command names exists: the target, the tests, the module."""
    words = command.split()
    if words[0] == ".venv/bin/python":
        return importlib.util.find_spec(words[2]) is not None
    found = ARGUMENTS.search(command)
    paths = [word for word in found[1].split() if "/" in word] if found else []
    return words[1] in TARGETS and all((ROOT / path.partition("::")[0]).exists() for path in paths)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda text: text.split("\n")[0].strip("*."))
def test_every_promise_says_what_tries_to_break_it(promise: str):
    assert promise.startswith("**"), "a promise begins with its words in bold"
    (line,) = [line for line in promise.split("\n") if line.startswith(TRIED)]
    assert CODE.search(line)


@pytest.mark.parametrize("one", [GUARANTEES, README, page("docs/reference/faults.md")], ids=lambda one: one.name)
def test_every_command_that_is_named_exists(one: Page):
    assert commands(one)
    assert [command for command in commands(one) if not is_there(command)] == []


@pytest.mark.parametrize(
    "command",
    ["make tea", 'make test PYTEST_ARGS="tests/faults/test_nothing.py"', ".venv/bin/python -m scripts.nothing"],
)
def test_a_command_that_does_not_exist_is_found(command: str):
    assert not is_there(command)
