"""Damage is named so that a person can repair it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from audit.report import DamageFound
from audit.verification import verify

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment


def test_damage_names_the_first_ten_files_and_counts_the_rest(scratch_environment: ScratchEnvironment) -> None:
    names = [f"sample/{number:02}.py" for number in range(12)]
    scratch_environment.install("sample", dict.fromkeys(names, b"x"))
    for name in names:
        (scratch_environment.site / name).unlink()

    message = str(DamageFound(verify("sample", scratch_environment.location)))

    named = "; ".join(f"missing {name}" for name in names[:10])
    assert message == f"sample 1.0 is damaged: {named}; and 2 more. Reinstall sample==1.0, then retry this run."


def test_damage_by_foreign_files_asks_for_their_removal(sample: ScratchEnvironment) -> None:
    sample.write("sample/stray.py", b"stray")
    assert str(DamageFound(verify("sample", sample.location))) == (
        "sample 1.0 is damaged: foreign sample/stray.py. "
        "Remove the foreign files that nothing needs, then retry this run."
    )
    sample.write("sample/core.py", b"")
    assert "Reinstall sample==1.0 and remove the foreign files" in str(DamageFound(verify("sample", sample.location)))


def test_damage_survives_the_way_out_of_a_process(sample: ScratchEnvironment) -> None:
    sample.write("sample/core.py", b"")
    damage = DamageFound(verify("sample", sample.location))

    assert str(pickle.loads(pickle.dumps(damage))) == str(damage)
