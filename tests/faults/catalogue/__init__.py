"""The faults that this app is tried with, by group. Tests say which one they try by ``@pytest.mark.fault("F12")``.

``python -m scripts.docs_faults`` makes the page docs/reference/faults.md of these words and those marks.
"""

from __future__ import annotations

from tests.faults.catalogue.clocks import CLOCKS
from tests.faults.catalogue.database import DATABASE
from tests.faults.catalogue.fault import Fault
from tests.faults.catalogue.graphs import GRAPHS
from tests.faults.catalogue.outcomes import OUTCOMES
from tests.faults.catalogue.processes import PROCESSES
from tests.faults.catalogue.rows import ROWS
from tests.faults.catalogue.web import WEB

__all__ = ["GROUPS", "Fault"]

GROUPS: dict[str, tuple[Fault, ...]] = {
    "Processes": PROCESSES,
    "What functions do": OUTCOMES,
    "Databases": DATABASE,
    "Schedules and clocks": CLOCKS,
    "Graphs": GRAPHS,
    "Data and code": ROWS,
    "Web and security": WEB,
}
