from __future__ import annotations

import re

import pytest

from tests.docs.pages import CODE, Page, pages

BOASTS = re.compile(
    r"\b(blazing|effortless\w*|powerful|seamless\w*|simply|world-class|state-of-the-art|cutting)\b", re.I
)
NOT_YET = re.compile(r"\b(TODO|FIXME|TBD|coming soon|in the future|will be supported)\b", re.I)
MACHINE = re.compile(r"/(home|root|opt|work|Users)/")
SENTENCE_ENDS_INSIDE = re.compile(r"(?<![0-9])[.!?] (?=[A-Z])")
LIST_OR_TABLE = re.compile(r"\s*([-|*]|\d+\.) ?")

written_here = [page for page in pages() if page.name not in ("CONTRIBUTING.md",)]


@pytest.mark.parametrize("page", written_here, ids=lambda page: page.name)
def test_a_line_holds_one_sentence(page: Page):
    long = [
        f"{page.name}:{number}"
        for number, line in page.prose
        if SENTENCE_ENDS_INSIDE.search(CODE.sub("x", line)) and not LIST_OR_TABLE.match(line)
    ]
    assert long == []


@pytest.mark.parametrize("page", written_here, ids=lambda page: page.name)
def test_nothing_boasts_promises_the_future_or_names_this_machine(page: Page):
    found = [rule.search(page.text) for rule in (BOASTS, NOT_YET, MACHINE)]
    assert [match[0] for match in found if match] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_begins_with_its_one_title(page: Page):
    titles = [line for _, line in page.prose if line.startswith("# ")]
    assert titles == [page.text.split("\n")[0]]
