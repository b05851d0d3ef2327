"""The table of faults: made of the tests that try them, and without a gap."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import docs_faults
from scripts.docs_faults import Trial, marks, table, trials
from tests.docs.pages import page
from tests.faults.catalogue import GROUPS, Fault

FAULTS = [fault for faults in GROUPS.values() for fault in faults]


def test_the_page_is_what_the_tests_say():
    assert docs_faults.fresh() == docs_faults.PAGE.read_text(encoding="utf-8"), "run: python -m scripts.docs_faults"


def test_every_fault_has_a_test_or_a_reason():
    found = trials()
    assert [fault.name for fault in FAULTS if not (fault.name in found or fault.untried)] == []


def test_no_mark_names_a_fault_that_is_not_listed():
    assert set(trials()) <= {fault.name for fault in FAULTS}


def test_the_faults_are_numbered_without_a_gap():
    assert [fault.number for fault in FAULTS] == list(range(1, len(FAULTS) + 1))
    assert f"[{len(FAULTS)} faults and their tests]" in page("README.md").text


def test_marks_are_read_without_importing():
    text = """
import not_there
@pytest.mark.slow
@pytest.mark.fault("F1", "F2")
@pytest.mark.parametrize("x", [1])
def test_a(x): ...
class TestB:
    @pytest.mark.fault("F3")
    async def test_c(self): ...
def test_d(): ...
"""
    assert list(marks(text)) == [("test_a", "F1"), ("test_a", "F2"), ("test_c", "F3")]


def test_tests_are_found_below_their_folder(tmp_path: Path):
    (tmp_path / "tests" / "room").mkdir(parents=True)
    for name in ("test_one.py", "helper.py"):
        (tmp_path / "tests" / "room" / name).write_text('@pytest.mark.fault("F7")\ndef test_a(): ...\n')
    assert trials(tmp_path / "tests") == {"F7": [Trial("tests/room/test_one.py", "test_a")]}


@pytest.mark.parametrize(
    ("found", "untried", "cell"),
    [
        ([Trial("tests/a/test_b.py", "test_it_works")], "", "[it works](../../tests/a/test_b.py)"),
        ([], "no such machine.", "Not tried: no such machine."),
        ([Trial("tests/t.py", "test_c")], "the rest.", "[c](../../tests/t.py)<br>Not tried: the rest."),
    ],
)
def test_a_row_leads_to_its_tests_and_tells_what_is_not_tried(found: list[Trial], untried: str, cell: str):
    rows = table([Fault(7, "fault", "answer", untried)], {"F7": found})
    assert rows.split("\n")[2:] == [f"| F7 | fault | answer | {cell} |", ""]


def test_a_page_without_the_place_for_a_group_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "faults.md").write_text("# Faults\n")
    monkeypatch.setattr(docs_faults, "PAGE", tmp_path / "faults.md")
    with pytest.raises(LookupError, match="faults: Processes"):
        docs_faults.fresh()


def test_a_stale_page_is_named_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    whole, found = docs_faults.fresh(), trials()
    copy = tmp_path / "faults.md"
    copy.write_text(whole.replace("| F7 |", "| F7 | more"))
    monkeypatch.setattr(docs_faults, "PAGE", copy)
    monkeypatch.setattr(docs_faults, "ROOT", tmp_path)
    monkeypatch.setattr(docs_faults, "trials", lambda: found)
    assert docs_faults.main(["--check"]) == 1
    assert docs_faults.main([]) == 0
    assert copy.read_text() == whole
    assert docs_faults.main(["--check"]) == 0
    assert capsys.readouterr().out == "faults.md\nfaults.md\n"
