"""The inventory lists what is installed, and survives what is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audit.inventory import inventory

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment


def test_lists_distributions_sorted_with_the_files_and_sizes_of_record(scratch_environment: ScratchEnvironment) -> None:
    scratch_environment.install("zebra", {"zebra.py": b"12345"})
    scratch_environment.install("Apple_Tree", {"apple.py": b"1"}, version="2.5")

    found = inventory([scratch_environment.location])

    assert [(record["name"], record["version"]) for record in found] == [("Apple_Tree", "2.5"), ("zebra", "1.0")]
    assert found[1]["files"] == 4
    assert found[1]["size"] == 5 + len(b"Metadata-Version: 2.1\nName: zebra\nVersion: 1.0\n") + len(b"pip\n")
    assert found[1]["location"] == scratch_environment.location
    assert json.loads(json.dumps(found)) == found


def test_order_ignores_case_and_punctuation(scratch_environment: ScratchEnvironment) -> None:
    for name in ("g", "B_b", "f", "b.c", "E", "b_a", "d", "A", "C"):
        scratch_environment.install(name, {})

    names = [record["name"] for record in inventory([scratch_environment.location])]

    assert names == ["A", "b_a", "B_b", "b.c", "C", "d", "E", "f", "g"]


def test_lists_the_running_interpreter_by_default() -> None:
    assert "pytest" in {record["name"] for record in inventory()}


def test_first_of_two_with_one_name_wins_and_names_the_other(
    make_environment: Callable[[str], ScratchEnvironment],
) -> None:
    first, second = make_environment("first"), make_environment("second")
    first.install("sample_app", {}, version="1.0")
    second.install("Sample.App", {}, version="2.0")

    [record] = inventory([first.location, second.location])

    assert (record["name"], record["version"]) == ("sample_app", "1.0")
    assert record["shadowed"] == [f"2.0 in {second.location}"]


def test_directory_reached_twice_is_no_duplicate(sample: ScratchEnvironment) -> None:
    (sample.prefix / "lib64").symlink_to("lib")
    linked = sample.prefix / "lib64" / sample.site.relative_to(sample.prefix / "lib")

    [record] = inventory([str(linked), sample.location])

    assert record["shadowed"] == []
    assert record["location"] == sample.location


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "sample-1.0.dist-info "),
        (b"Name: sample\xff\n", "cannot be read: UnicodeDecodeError"),
        (b"Version: 1.0\n", "gives no name or no version"),
        (b"Name: sample\n", "gives no name or no version"),
        (b"Name: other\nVersion: 1.0\n", "says that its name is 'other'"),
    ],
)
def test_broken_metadata_is_a_problem_of_one_record(
    sample: ScratchEnvironment, content: bytes | None, problem: str
) -> None:
    metadata = sample.site / "sample-1.0.dist-info" / "METADATA"
    metadata.unlink() if content is None else metadata.write_bytes(content)

    [record] = inventory([sample.location])

    assert (record["name"], record["version"]) == ("sample", "1.0")
    assert record["problem"] is not None
    assert problem in record["problem"]


def test_missing_record_gives_no_numbers(sample: ScratchEnvironment) -> None:
    (sample.site / "sample-1.0.dist-info" / "RECORD").unlink()

    [record] = inventory([sample.location])

    assert (record["files"], record["size"], record["problem"]) == (None, None, None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"a.py,sha256=abc,1\nb.p", "line 2: 1 columns"),
        (b"a.py,sha256,1\n", "line 1:"),
        (b"a.py,sha256=abc,many\n", "line 1: invalid literal"),
        (b"a\0.py,sha256=abc,1\n", "line 1:"),
        (b"\xff.py,sha256=abc,1\n", "it is not UTF-8"),
    ],
)
def test_broken_record_is_a_problem_that_names_the_line(
    sample: ScratchEnvironment, content: bytes, problem: str
) -> None:
    (sample.site / "sample-1.0.dist-info" / "RECORD").write_bytes(content)

    [record] = inventory([sample.location])

    assert record["files"] is None
    assert f"RECORD cannot be used: {problem}" in str(record["problem"])


def test_path_that_is_no_directory_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match=r"nowhere' is not a directory\. Name the site-packages"):
        inventory([str(tmp_path / "nowhere")])
