"""Where a rule is not kept, and why. An exemption that is no longer needed fails the tests."""

from __future__ import annotations

EXEMPTIONS: dict[tuple[str, str], str] = {
    ("core-has-no-clock", "core/ids.py"): "a UUIDv7 is a time stamp by definition, and nothing is decided by it",
    ("imports-go-down", "models/task.py"): "Task.start() is a door for views; making a run is a verb of the store",
    ("imports-go-down", "models/requiring.py"): "require() is a door for views; adding edges is a verb of the store",
    ("imports-go-down", "models/making.py"): "TaskRun.make() is a door for views; executing runs lies above the worker",
    ("imports-go-down", "models/repairing.py"): "TaskRun.rerun() is a door for views; repairing is a verb of the store",
    ("imports-go-down", "models/run.py"): "TaskRun.explain() is a door for views; to explain is a verb of the store",
    ("nothing-is-imported-by-name", "__init__.py"): "names of this package, listed beside it",
    ("nothing-is-imported-by-name", "checks.py"): "what OPTIONS names is tried before a worker needs it",
    ("nothing-is-imported-by-name", "conf.py"): "TASKS names the class of a backend, as Django has it",
    ("nothing-is-imported-by-name", "registry.py"): "the modules of installed apps and of OPTIONS['TASK_MODULES']",
    ("nothing-is-imported-by-name", "task_errors.py"): (
        "Django's TaskError.exception_class is a class, and rows know its path; it is found when code asks for it, and "
        "nothing here does"
    ),
    ("nothing-is-imported-by-name", "worker/executors/pool.py"): "OPTIONS['EXECUTORS'] names what makes a pool",
    ("nothing-is-imported-by-name", "worker/plugins.py"): "OPTIONS['PLUGINS'] names what lives beside the runs",
    ("small-modules", "exceptions.py"): "a list of classes of a few lines; rows name errors by this path",
    ("sql-only-in-dialects", "management/commands/tasks_fsm.py"): "what it executes is another command, not SQL",
    ("vendors-only-in-dialects", "models/indexes.py"): (
        "Django asks an index for its SQL while a migration runs, and offers the schema editor's connection to ask back"
    ),
}
"""(rule, path below the package) -> reason."""
