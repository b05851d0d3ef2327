"""A reader who types in every block of a page, in order, into a project with the app installed."""

from __future__ import annotations

import doctest
import importlib
import io
import json
import shlex
import sys
import threading
import unittest
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command, get_commands, load_command_class
from django.db import connections
from django.db.utils import ConnectionHandler

from django_tasks_fsm import checks, registry
from django_tasks_fsm.cli import worker as room
from django_tasks_fsm.core import triggers
from django_tasks_fsm.dialects import dialect_of
from django_tasks_fsm.worker.service import Worker
from django_tasks_fsm.worker.stop import StopSwitch
from tests.docs.pages import Block, Page
from tests.docs.project import check_make, check_pip

OUTPUT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
WORKERS = ("runworker", "tasks_fsm worker")
CARRIED_OUT = ("migrate", "runworker", "tasks_fsm prune")
VERBS = ("status", "list", "show", "run", "pause", "resume", "cancel", "retry")
ON_ROWS = tuple(f"tasks_fsm {verb}" for verb in VERBS)
"""Carried out too, but not in the reference: it shows each by itself, for rows that are not there."""
OTHER_PROGRAMS = {"cd", "source", "kill", "systemctl", "createdb", "sqlite3", "git", "dask"}


class Reader:
    """Work through one page in ``folder``, which is on the path; ``settings`` are put back by whoever made them."""

    def __init__(self, page: Page, folder: Path, settings: Any) -> None:
        self.page, self.folder, self.settings = page, folder, settings
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.modules: dict[str, ModuleType] = {}
        self._workers: list[BackgroundWorker] = []

    def read(self) -> None:
        """Do everything the page says; what follows a Python block as ``text`` is what it prints."""
        printed: str | None = None
        for block in self.page.blocks:
            try:
                printed = self._do(block, printed)
            except Exception as error:
                error.add_note(f"in the block at {self.page.name}:{block.line}")
                raise

    def close(self) -> None:
        """Stop the workers that the page has started."""
        for worker in self._workers:
            worker.stop()

    def _do(self, block: Block, printed: str | None) -> str | None:
        with redirect_stdout(io.StringIO()) as out:
            match block.language:
                case "python":
                    self._python(block)
                    return out.getvalue()
                case "console":
                    self._console(block.text)
                case "json":
                    check_json(json.loads(block.text))
                case "text" if printed is not None:
                    assert doctest.OutputChecker().check_output(block.text, printed, OUTPUT), f"printed:\n{printed}"
        return None

    # -- python ---------------------------------------------------------------------------------------------------

    def _python(self, block: Block) -> None:
        if block.file.endswith("settings.py"):
            self._settings(block)
        elif block.file:
            self._module(block)
        else:
            self._run(block.text, f"{self.page.path}", block.line, self.names)

    @staticmethod
    def _run(source: str, file: str, line: int, names: dict[str, Any]) -> None:
        # Empty lines in front, so that a traceback shows the line of the page.
        exec(compile("\n" * (line - 1) + source, file, "exec"), names)

    def _module(self, block: Block) -> None:
        """Write the file, or append to it, as Django would import it: while the apps are being loaded.

        The page's workers start again, as they do when code changes.
        """
        path = self.folder / block.file
        name = block.file.removesuffix(".py").replace("/", ".")
        self.close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(apps, "ready", name.endswith("tests"))
            if name in self.modules:
                self._append(path, block, self.modules[name])
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text)
                importlib.invalidate_caches()
                self.modules[name] = importlib.import_module(name)
        for worker in self._workers:
            worker.start()
        if name.endswith("tests"):
            run_tests(self.modules[name])

    def _append(self, path: Path, block: Block, module: ModuleType) -> None:
        before = path.read_text()
        path.write_text(before + block.text)
        self._run(block.text, str(path), before.count("\n") + 1, vars(module))

    def _settings(self, block: Block) -> None:
        given: dict[str, Any] = {"BASE_DIR": self.folder, "INSTALLED_APPS": [], "TASKS": {}}
        self._run(block.text, str(self.page.path), block.line, given)
        own = {each.file.split("/")[0] for each in self.page.blocks if "/" in each.file}
        check_apps(set(given["INSTALLED_APPS"]) - own)
        check_databases(given.get("DATABASES", {}))
        if given["TASKS"]:
            check_tasks(given["TASKS"])
            self.settings.TASKS = given["TASKS"]

    # -- console --------------------------------------------------------------------------------------------------

    def _console(self, text: str) -> None:
        for line in text.replace("\\\n", " ").split("\n"):
            if line.startswith("$ "):
                self._command(shlex.split(line.removeprefix("$ "), comments=True))

    def _command(self, words: list[str]) -> None:
        while "=" in words[0]:
            words = words[1:]
        if ">" in words:
            words = words[: words.index(">")]
        match words:
            case ["python", "manage.py", name, *arguments]:
                self._manage(name, arguments)
            case ["python", "-m", "django", name, *arguments]:
                parsed(name, arguments)
            case ["python", "-m", "pip", *arguments] | ["pip", *arguments]:
                check_pip(arguments)
            case ["make", *arguments]:
                check_make(arguments)
            case [program, *_] if program not in OTHER_PROGRAMS:
                raise AssertionError(f"{program!r} is no command that the reader knows.")

    def _manage(self, name: str, arguments: list[str]) -> None:
        """Parse the command with its real parser; carry it out where the page goes on with what it did."""
        given = parsed(name, arguments)
        said = " ".join([name, *arguments])
        if said.startswith(WORKERS) and not given["burst"]:
            self._workers.append(BackgroundWorker(given))
            self._workers[-1].start()
        elif said.startswith(CARRIED_OUT) or (said.startswith(ON_ROWS) and "/reference/" not in self.page.name):
            assert exit_code(name, arguments) == 0, f"manage.py {said} has failed"


class BackgroundWorker:
    """A worker in a thread, in place of the second terminal."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._config = room.config_from(options)

    def start(self) -> None:
        """Begin to work."""
        self._switch = StopSwitch()
        self._thread = threading.Thread(target=self._work, name="reader's worker")
        self._thread.start()

    def _work(self) -> None:
        try:
            Worker(self._config, self._switch).run()
        finally:
            connections.close_all()

    def stop(self) -> None:
        """Ask it to stop, and wait for it."""
        self._switch.ask("the page ends")
        self._thread.join(20)
        assert not self._thread.is_alive(), "the page's worker does not stop"


def parsed(name: str, arguments: list[str]) -> dict[str, Any]:
    """Return what the command's own parser makes of the arguments; raise CommandError for what it does not take."""
    owner = get_commands().get(name)
    assert owner, f"manage.py has no command {name!r}"
    command = load_command_class(str(owner), name)
    return vars(command.create_parser("manage.py", name).parse_args(arguments))


def exit_code(name: str, arguments: list[str]) -> object:
    """Carry a command out in this process and return its exit code."""
    try:
        call_command(name, *arguments, verbosity=0)
    except SystemExit as end:
        return end.code or 0
    return 0


def run_tests(module: ModuleType) -> None:
    """Run the test cases of a module in its own transactions; raise the first failure."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    assert suite.countTestCases(), f"{module.__name__} has no tests"
    result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
    for _, trace in (*result.errors, *result.failures):
        raise AssertionError(trace)


def check_apps(names: Iterable[str]) -> None:
    """Refuse an app that cannot be imported; the backport is there only below Django 6."""
    for name in names:
        assert name == "django_tasks" or find_spec(name), f"INSTALLED_APPS has {name!r}, which does not exist"


def check_databases(databases: dict[str, Any]) -> None:
    """Open the SQLite databases, and refuse settings that the app's own checks would warn about."""
    handler = ConnectionHandler(databases)
    for alias in databases:
        connection = handler[alias]
        if connection.vendor == "sqlite":
            advice = dialect_of(connection).advice()
            connection.close()
            assert not advice, advice


def check_tasks(tasks: dict[str, Any]) -> None:
    """Refuse what the app's system checks refuse."""
    for alias, entry in tasks.items():
        found = checks.check_backend(alias, entry.get("OPTIONS", {}), entry.get("QUEUES", ["default"]))
        assert not found, found


def check_json(value: Any) -> None:
    """Load a trigger; other JSON has been read, which is all there is to check."""
    if isinstance(value, dict) and "kind" in value:
        triggers.load(value)


def forgetting(patch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give the registry copies to write on; return what removes the page's modules again."""
    patch.setattr(registry, "_functions", dict(registry._functions))
    patch.setattr(registry, "_schedules", dict(registry._schedules))
    patch.setattr(triggers.registry, "_kinds", dict(triggers.registry._kinds))
    before = set(sys.modules)

    def forget() -> None:
        for name in set(sys.modules) - before:
            if not name.startswith(("django", "tests")):
                del sys.modules[name]

    return forget
