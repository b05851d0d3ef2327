"""Ten guards whose loss the tests must notice, others at each commit; ``make mutants`` takes out all of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.mutants.listed import MUTANTS
from tests.mutants.workshop import GOOD, Workshop, said_by_git, workshop

SAMPLE = 10


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    with workshop() as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SAMPLE))
def test_the_loss_of_a_guard_is_noticed(shop: Workshop, number: int) -> None:
    # By the commit: what passes once passes again.
    some = [mutant for mutant in MUTANTS if mutant.vendor == "sqlite"]
    mutant = random.Random(said_by_git("rev-parse", "HEAD")).sample(some, SAMPLE)[number]
    verdict = shop.try_out(mutant)
    assert verdict.word in GOOD, f"{verdict.word}: {mutant.name} ({mutant.file})\n{verdict.told}"
