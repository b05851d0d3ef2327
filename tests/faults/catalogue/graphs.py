"""Faults of graphs."""

from __future__ import annotations

from tests.faults.catalogue.fault import Fault

GRAPHS = (
    Fault(62, "A run is made to wait for itself, or twice for the same one", "A constraint refuses it."),
    Fault(
        63,
        "A circle, by the API, by the admin, or by rows that are written past both",
        "API and admin refuse it and name its members. What is in a circle by raw rows waits, `tasks_fsm check` "
        "reports it, and no search goes round for ever.",
    ),
    Fault(
        64,
        "Two people add the two halves of a circle at the same moment",
        "One of them is refused, because edges are added under one lock.",
    ),
    Fault(
        65,
        "Ten thousand prerequisites of one run, a chain of ten thousand",
        "No recursion, batches of bounded size, and pictures with a cap.",
    ),
    Fault(
        66,
        "A prerequisite fails, is cancelled, is retried or deleted while others wait for it",
        "Dependents wait, fail, are cancelled, skipped or go on, as the edge or the task says. What somebody waits for "
        "is not deleted.",
    ),
    Fault(67, "The two last prerequisites of a run finish at the same moment", "It is freed, once."),
    Fault(68, "An edge is added to a run that has begun", "Refused."),
)
