"""What any distribution claims is foreign to none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.claims import ClaimedFiles

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment


def test_claimed_files_are_those_of_every_distribution(scratch_environment: ScratchEnvironment) -> None:
    scratch_environment.install("one", {"shared/one.py": b"1"})
    scratch_environment.install("two", {"shared/two.py": b"2"})

    claimed = ClaimedFiles([scratch_environment.location])

    assert f"{scratch_environment.location}/shared/one.py" in claimed
    assert f"{scratch_environment.location}/shared/two.py" in claimed
    assert f"{scratch_environment.location}/shared/three.py" not in claimed


def test_broken_record_still_claims_the_lines_before_the_break(sample: ScratchEnvironment) -> None:
    (sample.site / "sample-1.0.dist-info" / "RECORD").write_bytes(b"sample/core.py,,\nsample/__in")

    assert f"{sample.location}/sample/core.py" in ClaimedFiles([sample.location])
