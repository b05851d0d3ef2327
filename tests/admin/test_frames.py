"""Tracebacks in which the project's own frames stand out."""

from __future__ import annotations

import pytest

from django_tasks_fsm.admin.frames import with_own_frames

LINES = (
    "Traceback (most recent call last):",
    '  File "/srv/venv/lib/python3.12/site-packages/django/db/utils.py", line 3, in execute',
    "    return cursor()",
    '  File "/srv/shop/jobs.py", line 7, in charge',
    "    card.pay(<all>)",
    "    ^^^^^^^^",
    "shop.Declined: no <money>",
)


def test_own_frames_are_bold_with_their_lines_and_others_are_not() -> None:
    bold = [line for line in with_own_frames("\n".join(LINES)).splitlines() if line.startswith("<b>")]
    assert [line.split(">")[1].split("<")[0].strip()[:4] for line in bold] == ["File", "card", "^^^^"]


def test_what_a_traceback_says_is_escaped() -> None:
    made = with_own_frames("\n".join(LINES))
    assert "pay(&lt;all&gt;)" in made
    assert "no &lt;money&gt;" in made


@pytest.mark.parametrize(
    "path",
    ["<string>", "<frozen runpy>", "/usr/lib/python3.12/json/decoder.py", "/x/django_tasks_fsm/worker/hand.py"],
)
def test_frames_of_libraries_are_not_own(path: str) -> None:
    assert "<b>" not in with_own_frames(f'  File "{path}", line 1, in f\n    f()')


def test_no_traceback_is_no_line() -> None:
    assert with_own_frames("") == ""
