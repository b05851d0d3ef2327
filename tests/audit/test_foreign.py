"""Files that nobody claims are found, where a distribution is at home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from audit.claims import ClaimedFiles
from audit.report import Report
from audit.verification import verify

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment

METADATA = "sample-1.0.dist-info"


def check_sample(environment: ScratchEnvironment, **options: Any) -> Report:
    return verify("sample", environment.location, **options)


def test_foreign_files_are_found_in_packages_and_metadata_only(sample: ScratchEnvironment) -> None:
    for path in ("sample/deep/stray.py", f"{METADATA}/stray.txt", "not_ours.py", "other/module.py"):
        sample.write(path, b"stray")

    assert check_sample(sample)["foreign"] == ["sample/deep/stray.py", f"{METADATA}/stray.txt"]


@pytest.mark.parametrize("path", ["sample/__pycache__/core.nbi", "sample/legacy.pyc", f"{METADATA}/RECORD.jws"])
def test_caches_and_signatures_are_not_foreign(sample: ScratchEnvironment, path: str) -> None:
    sample.write(path, b"written by a tool")

    assert check_sample(sample)["foreign"] == []


def test_file_of_a_neighbour_in_the_same_namespace_is_not_foreign(scratch_environment: ScratchEnvironment) -> None:
    scratch_environment.install("sample", {"space/one.py": b"1"})
    scratch_environment.install("neighbour", {"space/two.py": b"2"})
    scratch_environment.write("space/three.py", b"3")

    claimed = ClaimedFiles([scratch_environment.location])

    assert check_sample(scratch_environment, claimed=claimed)["foreign"] == ["space/three.py"]
    assert check_sample(scratch_environment)["foreign"] == ["space/three.py", "space/two.py"]


def test_linked_directory_is_foreign_and_not_followed(sample: ScratchEnvironment) -> None:
    (sample.site / "sample" / "loop").symlink_to("..")

    assert check_sample(sample)["foreign"] == ["sample/loop"]


def test_linked_directory_through_which_record_lists_files_is_not_foreign(sample: ScratchEnvironment) -> None:
    sample.install("sample", {"sample/real/a.py": b"a"}, rows=[sample.row("sample/link/a.py", b"a")])
    (sample.site / "sample" / "link").symlink_to("real")
    for leftover in ("__init__.py", "core.py"):
        (sample.site / "sample" / leftover).unlink()

    report = check_sample(sample)

    assert (report["foreign"], report["files_checked"]) == ([], 4)
