"""The state machine finds mistakes: with one in the code, a sequence of verbs fails."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from hypothesis import settings

from tests.properties import TIMES
from tests.protocol.mutants import FEW, MUTANTS, Mutant
from tests.protocol.sequences import look

MOST = 300
"""Sequences in which it must be found: usually it is in the first ten, and no further ones are tried then."""


@pytest.mark.usefixtures("both_sides")
@pytest.mark.django_db
@pytest.mark.parametrize("mutant", MUTANTS if TIMES else MUTANTS[:FEW], ids=lambda mutant: mutant.__name__)
def test_a_mistake_is_found(mutant: Mutant, monkeypatch: pytest.MonkeyPatch):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, DatabaseError, KeyError)):
        look(settings(max_examples=MOST))
