"""The list of guards to take out goes with the package and its tests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.mutants.listed import MUTANTS
from tests.mutants.workshop import PACKAGE, ROOT

TEXTS = {name: (ROOT / PACKAGE / name).read_text() for name in {mutant.file for mutant in MUTANTS}}


def test_each_patch_finds_its_text_once():
    found = {mutant.name: TEXTS[mutant.file].count(mutant.old) for mutant in MUTANTS}
    assert [name for name, times in found.items() if times != 1] == []
    assert [mutant.name for mutant in MUTANTS if mutant.new in (mutant.old, TEXTS[mutant.file])] == []


def test_each_patch_leaves_python_behind():
    for mutant in MUTANTS:
        compile(TEXTS[mutant.file].replace(mutant.old, mutant.new), mutant.name, "exec")


def test_names_are_unique():
    assert [name for name, times in Counter(mutant.name for mutant in MUTANTS).items() if times > 1] == []


def test_the_tests_that_must_fail_are_there():
    missing = [test for mutant in MUTANTS for test in mutant.tests.split() if not _is_there(test)]
    assert missing == []


def _is_there(test: str) -> bool:
    path, _, name = test.partition("::")
    file = Path(ROOT, path)
    return file.exists() and (not name or f"def {name.partition('[')[0]}(" in file.read_text())
