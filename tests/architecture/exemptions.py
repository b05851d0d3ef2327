"""Where a rule is not kept, and why. An exemption that is no longer needed fails the tests."""

from __future__ import annotations

EXEMPTIONS: dict[tuple[str, str], str] = {
    ("core-has-no-clock", "core/ids.py"): "a UUIDv7 is a time stamp by definition, and nothing is decided by it",
    ("imports-go-down", "models/task.py"): "Task.start() is a door for views; making a run is a verb of the store",
    ("imports-go-down", "models/requiring.py"): "require() is a door for views; adding edges is a verb of the store",
    ("imports-go-down", "models/making.py"): "TaskRun.make() is a door for views; executing runs lies above the worker",
    ("imports-go-down", "models/repairing.py"): "TaskRun.rerun() is a door for views; repairing is a verb of the store",
    ("imports-go-down", "models/run.py"): "TaskRun.explain() is a door for views; to explain is a verb of the store",
    ("small-modules", "exceptions.py"): "a list of classes of a few lines; rows name errors by this path",
    ("sql-only-in-dialects", "management/commands/tasks_fsm.py"): "what it executes is another command, not SQL",
    ("vendors-only-in-dialects", "models/indexes.py"): (
        "Django asks an index for its SQL while a migration runs, and offers the schema editor's connection to ask back"
    ),
}
"""(rule, path below the package) -> reason."""
