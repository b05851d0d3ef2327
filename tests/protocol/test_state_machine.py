"""The real verbs, on real rows, against the reference: whatever is done to runs, in whatever order."""

from __future__ import annotations

import pytest
from hypothesis import Phase

from tests.properties import TIMES, examples
from tests.protocol.sequences import look

EXAMPLES = 25


@pytest.mark.hypothesis  # as Hypothesis marks its own: make fuzz goes by it, and tries many more, random sequences
@pytest.mark.usefixtures("both_sides")
@pytest.mark.django_db
def test_after_every_step_all_rows_are_what_the_reference_says():
    look(examples(EXAMPLES), *([Phase.shrink] if TIMES else []))
