"""A verification finds each kind of damage, and blames nothing that is in order."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from audit.inventory import inventory
from audit.report import Report, is_damaged
from audit.verification import verify

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment

METADATA = "sample-1.0.dist-info"


def check_sample(environment: ScratchEnvironment, **options: Any) -> Report:
    return verify("sample", environment.location, **options)


def test_intact_distribution_gives_a_clean_report(sample: ScratchEnvironment) -> None:
    (sample.site / "sample" / "__pycache__").mkdir()
    (sample.site / "sample" / "__pycache__" / "core.cpython-311.pyc").write_bytes(b"compiled")

    report = check_sample(sample, clock=iter([10.0, 12.5]).__next__)

    [listed] = inventory([sample.location])
    assert report == Report(
        name="sample",
        version="1.0",
        files_checked=6,
        bytes_hashed=listed["size"] or 0,
        seconds=2.5,
        missing=[],
        changed=[],
        unreadable=[],
        foreign=[],
        unhashed=[],
        outside=[],
        unverifiable=None,
    )
    assert not is_damaged(report)


def test_changed_byte_is_found_though_the_size_is_kept(sample: ScratchEnvironment) -> None:
    sample.write("sample/core.py", b"answer = 43\n")

    assert check_sample(sample)["changed"] == ["sample/core.py (sha256 differs)"]


def test_truncated_file_is_found_by_its_size(sample: ScratchEnvironment) -> None:
    sample.write("sample/core.py", b"answer")

    assert check_sample(sample)["changed"] == ["sample/core.py (6 bytes, RECORD says 12)"]


def test_changed_script_outside_site_packages_is_found(sample: ScratchEnvironment) -> None:
    sample.write("../../../bin/sample", b"#!/bin/no\n")

    assert check_sample(sample)["changed"] == ["../../../bin/sample (sha256 differs)"]


def test_deleted_files_and_directories_are_missing(sample: ScratchEnvironment) -> None:
    (sample.site / "sample_module.py").unlink()
    (sample.site / "sample").rename(sample.prefix / "elsewhere")
    (sample.site / "sample").write_bytes(b"a file where the package was")

    assert check_sample(sample)["missing"] == ["sample/__init__.py", "sample/core.py", "sample_module.py"]


def test_missing_bytecode_is_not_damage(scratch_environment: ScratchEnvironment) -> None:
    compiled = ("sample/__pycache__/core.cpython-311.pyc", "", "")
    scratch_environment.install("sample", {"sample/core.py": b""}, rows=[compiled])

    report = check_sample(scratch_environment)

    assert (report["missing"], report["unhashed"]) == ([], [])


@pytest.mark.parametrize("path", ["../../../../secret.txt", "{prefix}/../secret.txt"])
def test_record_that_escapes_the_environment_is_refused(scratch_environment: ScratchEnvironment, path: str) -> None:
    (scratch_environment.prefix.parent / "secret.txt").write_bytes(b"secret")
    path = path.format(prefix=scratch_environment.prefix)
    scratch_environment.install("sample", {}, rows=[(path, "sha256=wrong", "6")])

    report = check_sample(scratch_environment)

    assert (report["outside"], report["files_checked"]) == ([path], 2)
    assert not is_damaged(report)


def test_link_out_of_the_environment_is_refused(sample: ScratchEnvironment) -> None:
    (sample.site / "sample" / "core.py").rename(sample.prefix.parent / "core.py")
    (sample.site / "sample" / "core.py").symlink_to(sample.prefix.parent / "core.py")

    report = check_sample(sample)

    assert (report["outside"], report["files_checked"]) == (["sample/core.py"], 5)


def test_link_within_the_environment_is_followed(sample: ScratchEnvironment) -> None:
    (sample.site / "sample" / "core.py").rename(sample.prefix / "core.py")
    (sample.site / "sample" / "core.py").symlink_to(sample.prefix / "core.py")

    assert not is_damaged(check_sample(sample))


def test_directory_or_pipe_in_the_place_of_a_file_is_damage(sample: ScratchEnvironment) -> None:
    for path in ("sample/core.py", "sample_module.py"):
        (sample.site / path).unlink()
    (sample.site / "sample" / "core.py").mkdir()
    os.mkfifo(sample.site / "sample_module.py")

    expected = ["sample/core.py (not a regular file)", "sample_module.py (not a regular file)"]
    assert check_sample(sample)["changed"] == expected


def test_unreadable_file_is_damage_with_its_reason(sample: ScratchEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashlib, "file_digest", _refuse)

    report = check_sample(sample)

    assert report["unreadable"][0] == "sample/__init__.py (Permission denied)"
    assert is_damaged(report)


def test_link_that_leads_to_itself_is_unreadable(sample: ScratchEnvironment) -> None:
    (sample.site / "sample_module.py").unlink()
    (sample.site / "sample_module.py").symlink_to("sample_module.py")

    assert check_sample(sample)["unreadable"] == [f"sample_module.py ({os.strerror(errno.ELOOP)})"]


@pytest.mark.parametrize("algorithm", ["sha384", "sha512", "blake2b", "md5"])
def test_other_algorithms_of_hashlib_are_used(scratch_environment: ScratchEnvironment, algorithm: str) -> None:
    scratch_environment.write("right.py", b"right")
    scratch_environment.write("wrong.py", b"wrong")
    right, (_, digest, size) = (scratch_environment.row(f"{name}.py", b"right", algorithm=algorithm) for name in "ab")
    scratch_environment.install("sample", {}, rows=[("right.py", *right[1:]), ("wrong.py", digest, size)])

    assert check_sample(scratch_environment)["changed"] == [f"wrong.py ({algorithm} differs)"]


@pytest.mark.parametrize(
    ("digest", "why"),
    [
        ("", ""),
        ("sha999=abc", " (sha999 is not available here)"),
        ("shake_128=abc", " (shake_128 is not available here)"),
    ],
)
def test_file_without_a_usable_hash_is_told_but_is_not_damage(
    scratch_environment: ScratchEnvironment, digest: str, why: str
) -> None:
    scratch_environment.write("plain.py", b"plain")
    scratch_environment.install("sample", {}, rows=[("plain.py", digest, "")])

    report = check_sample(scratch_environment)

    assert (report["unhashed"], is_damaged(report)) == ([f"plain.py{why}"], False)


def test_missing_record_is_not_verifiable_and_not_damage(sample: ScratchEnvironment) -> None:
    (sample.site / METADATA / "RECORD").unlink()

    report = check_sample(sample)

    assert "no RECORD" in str(report["unverifiable"])
    assert not is_damaged(report)


def test_record_cut_off_in_the_middle_is_damage(sample: ScratchEnvironment) -> None:
    record = sample.site / METADATA / "RECORD"
    record.write_bytes(record.read_bytes()[:30])

    [found] = check_sample(sample)["changed"]

    assert found.startswith(f"{METADATA}/RECORD (line 1: ")


def test_record_without_any_hash_verifies_nothing_and_says_so(sample: ScratchEnvironment) -> None:
    sample.record(sample.site / METADATA, [("sample/core.py", "", ""), (f"{METADATA}/METADATA", "", "")])
    for path in ("sample/__init__.py", f"{METADATA}/INSTALLER"):
        (sample.site / path).unlink()

    assert check_sample(sample)["unverifiable"] == "None of the 3 files in its RECORD could be compared."


def test_distribution_that_has_gone_is_not_verifiable(sample: ScratchEnvironment) -> None:
    report = verify("uninstalled", sample.location)

    assert report["unverifiable"] == f"It is no longer installed in {sample.location}."


def test_altered_name_in_metadata_is_found_as_a_changed_file(sample: ScratchEnvironment) -> None:
    sample.write(f"{METADATA}/METADATA", b"Metadata-Version: 2.1\nName: xample\nVersion: 1.0\n")
    [record] = inventory([sample.location])

    report = verify(record["name"], record["location"])

    assert report["changed"] == [f"{METADATA}/METADATA (sha256 differs)"]


def test_progress_is_told_after_each_file(sample: ScratchEnvironment) -> None:
    seen: list[tuple[int, int, str]] = []

    check_sample(sample, progress=lambda *step: seen.append(step))

    assert seen[1] == (2, 7, "sample/core.py")
    assert [done for done, _, _ in seen] == list(range(1, 8))


def test_check_between_files_can_end_the_verification(sample: ScratchEnvironment) -> None:
    seen: list[int] = []

    def stop_after_two() -> None:
        if len(seen) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        check_sample(sample, progress=lambda done, total, note: seen.append(done), check=stop_after_two)
    assert seen == [1, 2]


def test_undecodable_file_name_can_be_stored(sample: ScratchEnvironment) -> None:
    Path(os.fsdecode(os.fsencode(sample.site / "sample") + b"/stray\xff\n.py")).write_bytes(b"")

    report = check_sample(sample)

    assert report["foreign"] == ["sample/stray\\udcff\\n.py"]
    assert json.dumps(report, ensure_ascii=False).encode()


def test_damage_in_a_copy_of_a_real_distribution_is_found_and_repaired(scratch_environment: ScratchEnvironment) -> None:
    scratch_environment.copy_installed("sqlparse")
    before = verify("sqlparse", scratch_environment.location)
    lexer = scratch_environment.site / "sqlparse" / "lexer.py"
    original = lexer.read_bytes()

    lexer.write_bytes(original.replace(b"e", b"3", 1))
    damaged = verify("sqlparse", scratch_environment.location)
    lexer.write_bytes(original)

    assert (is_damaged(before), before["unverifiable"]) == (False, None)
    assert before["files_checked"] > 20
    assert damaged["changed"] == ["sqlparse/lexer.py (sha256 differs)"]
    assert not is_damaged(verify("sqlparse", scratch_environment.location))


def test_upgrade_between_two_attempts_verifies_the_new_version(sample: ScratchEnvironment) -> None:
    for path in (METADATA, "sample"):
        (sample.site / path).rename(sample.prefix / path)
    sample.install("sample", {"sample/core.py": b"answer = 43\n"}, version="2.0")

    report = check_sample(sample)

    assert (report["version"], is_damaged(report)) == ("2.0", False)


def _refuse(*_: object) -> None:
    raise PermissionError(13, "Permission denied")
