"""Faults of schedules and clocks."""

from __future__ import annotations

from tests.faults.catalogue.fault import Fault

CLOCKS = (
    Fault(
        53,
        "The clock of one worker's host is wrong, by an hour or by years",
        "It decides neither what is due nor who is lost: the database's clock does. Spans of time are measured by a "
        "clock that cannot be set.",
    ),
    Fault(
        54,
        "The clock of the database jumps forward or back",
        "What is due comes earlier or later by as much. No slot has two runs, and no live worker is taken for lost for "
        "good.",
    ),
    Fault(
        55,
        "The clocks are changed (daylight saving) while workers are late, down, or start anew",
        "By the rule that is written: each time on the wall has one run, and the next time is later than the last one.",
    ),
    Fault(
        56,
        "No worker runs for a day, and a schedule has a slot each minute",
        "The policy of the task decides: one run for all, one for each up to a cap, or none, recorded as SKIPPED.",
    ),
    Fault(
        57,
        "A cron expression that is impossible, hostile, of a megabyte, or that never comes",
        "Refused with a sentence. A row that holds such a text stops itself and nobody else.",
    ),
    Fault(58, "An interval of nothing, below nothing, of NaN or of 3,000 years", "Refused with a sentence."),
    Fault(
        59,
        "Naive times, dates, texts, the year 1, the last second of the year 9999",
        "Brought to an instant, or refused by name before anything is written.",
    ),
    Fault(
        60,
        "Two people reschedule one task at once, or one while its slot becomes a run",
        "Who comes second waits for the first and undoes nothing; a person's time wins over the slot that was read.",
    ),
    Fault(
        61,
        "A great many slots are due in the same second",
        "Fired in batches, the longest due first; claims and outcomes have their turn between two of them.",
    ),
)
