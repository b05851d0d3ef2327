from __future__ import annotations

import shutil
import subprocess

import pytest

from django_tasks_fsm.drawing.errors import DotFailed
from django_tasks_fsm.drawing.layout import dot
from tests.drawing.layout.graphs import is_inside, overlapping, sheet, task_pairs

needs_dot = pytest.mark.skipif(not dot.is_installed(), reason="Graphviz is not installed")
TWO = sheet(2, [(0, 1)])


@needs_dot
def test_graphviz_arranges_every_sheet_with_one_process(monkeypatch):
    runs = []
    run = subprocess.run

    def counted(*args, **kwargs):
        runs.append(args)
        return run(*args, **kwargs)

    monkeypatch.setattr(subprocess, "run", counted)
    given = [sheet(40, task_pairs(40)), TWO, sheet(1, [])]
    drawn = dot.arrange(given)
    assert len(runs) == 1
    for one, boxes in zip(drawn, (one.boxes for one in given), strict=True):
        assert overlapping(one.centres, boxes) == []
        assert is_inside(one, boxes)


@needs_dot
def test_graphviz_draws_from_left_to_right_and_from_the_top():
    (drawn,) = dot.arrange([TWO])
    assert drawn.centres[0][0] < drawn.centres[1][0]
    assert drawn.curves[0][0][0] == pytest.approx(drawn.centres[0][0] + 94, abs=1)


@pytest.mark.fault("F78")
def test_the_source_holds_numbers_and_no_labels():
    source = dot.layout_source(TWO)
    assert 'label=""' in source
    assert "n0 -> n1" in source
    assert "n0 [height=0.6389 width=2.6111]" in source


def test_a_process_that_takes_too_long_is_stopped(fake_dot):
    fake_dot("exec /bin/sleep 60")
    with pytest.raises(DotFailed, match=r"more than 0\.1 s"):
        dot.arrange([TWO], timeout=0.1)


def test_a_failing_process_tells_its_complaint(fake_dot):
    fake_dot("echo no memory >&2; exit 3")
    with pytest.raises(DotFailed, match="code 3: no memory"):
        dot.arrange([TWO])


def test_a_program_that_cannot_be_started_is_an_error_of_this_room(fake_dot, tmp_path):
    fake_dot("")
    (tmp_path / "dot").write_bytes(b"\x7fELF not a program")
    with pytest.raises(DotFailed, match="could not be used"):
        dot.arrange([TWO])


def test_output_in_another_encoding_is_an_error_of_this_room(fake_dot):
    fake_dot(r"printf '\377\376'")
    with pytest.raises(DotFailed, match="could not be used"):
        dot.arrange([TWO])


def test_a_missing_program_says_what_to_install(no_dot):
    assert shutil.which("dot") is None
    with pytest.raises(DotFailed, match="Install Graphviz"):
        dot.arrange([TWO])
