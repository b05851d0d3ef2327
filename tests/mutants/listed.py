"""All mutants."""

from __future__ import annotations

from tests.mutants.mutant import Mutant
from tests.mutants.order import ORDER
from tests.mutants.ownership import OWNERSHIP
from tests.mutants.safety import SAFETY

MUTANTS: tuple[Mutant, ...] = (*OWNERSHIP, *ORDER, *SAFETY)
