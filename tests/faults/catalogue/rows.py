"""Faults of data and code."""

from __future__ import annotations

from tests.faults.catalogue.fault import Fault

ROWS = (
    Fault(
        69,
        "A run names a function that this worker does not know",
        "It is handed back uncharged, ever more seldom, until a worker knows it. `names=` finds a function that was "
        "renamed.",
    ),
    Fault(
        70,
        "A module with tasks cannot be imported",
        "The module is named, and tasks of it are not put away. In an app it ends the start like any error there.",
    ),
    Fault(71, "The arguments no longer fit the function", "FAILED at once, without another attempt."),
    Fault(72, "Arguments that cannot be stored, or are too big", "Refused when they are enqueued, by their path."),
    Fault(73, "A priority out of its range", "Refused by the API and by a constraint."),
    Fault(
        74,
        "A queue name with commas, blanks, signs that turn the writing, NUL, or of 300 letters",
        "Refused before anything is written.",
    ),
    Fault(
        75,
        "A run that is RUNNING, or its task, is deleted",
        "Admin and ORM refuse it. Past them, the worker drops the outcome and goes on.",
    ),
    Fault(
        76,
        "A state that nobody knows is written past the constraint",
        "The row is never claimed or moved, what waits beside it goes on, and `tasks_fsm check` reports it.",
        "A run that such a row waits for, on a server: its CHECK constraints refuse any UPDATE of the row, so that the "
        "end of the run is stored as FAILED.",
    ),
)
