"""A project's plug-ins: each for itself, and none can hold the worker up."""

from __future__ import annotations

import threading

import pytest

from django_tasks_fsm.worker import plugins
from tests.jobs.tasks import noop

pytestmark = pytest.mark.usefixtures("quick_options")

told: list[tuple[str, object]] = []
released = threading.Event()


class Exporter:
    """Lives in start() until it is stopped."""

    def __init__(self):
        self._end = threading.Event()

    def start(self, worker):
        told.append(("start", worker.identity.name))
        self._end.wait(60)
        told.append(("end", self))

    def stop(self, timeout):
        told.append(("stop", timeout))
        self._end.set()


class Broken:
    def start(self, worker):
        raise SystemExit("no port is free")

    def stop(self, timeout):
        raise RuntimeError("was never there")


class Stubborn:
    def start(self, worker):
        """Start at once."""

    def stop(self, timeout):
        told.append(("stubborn", timeout))
        released.wait(60)


@pytest.fixture(autouse=True)
def _forget():
    told.clear()
    released.clear()
    yield
    released.set()


@pytest.fixture
def named(settings):
    """Give ``named(*paths)``, which sets OPTIONS["PLUGINS"]."""

    def name(*classes):
        paths = [f"{each.__module__}.{each.__qualname__}" if isinstance(each, type) else each for each in classes]
        options = {**settings.TASKS["default"]["OPTIONS"], "PLUGINS": paths}
        settings.TASKS = {"default": {**settings.TASKS["default"], "OPTIONS": options}}

    return name


def test_a_plugin_lives_as_long_as_its_worker(start_worker, named, wait_until):
    named(Exporter)
    worker = start_worker(name="Ada")
    wait_until(lambda: ("start", "Ada") in told)
    noop.enqueue().wait(30)
    assert worker.stop() == 0
    wait_until(lambda: [word for word, _ in told] == ["start", "stop", "end"])


def test_what_one_raises_is_logged_and_costs_nobody_else_anything(start_worker, named, wait_until, caplog):
    named(Broken, "tests.nowhere.Missing", Exporter)
    worker = start_worker()
    wait_until(lambda: told)
    noop.enqueue().wait(30)
    assert worker.stop() == 0
    wait_until(lambda: caplog.text.count("failed.") == 3)
    assert "Plug-in tests.nowhere.Missing failed." in caplog.text


def test_one_that_does_not_stop_is_left_behind(start_worker, named, wait_until, caplog, monkeypatch):
    monkeypatch.setattr(plugins.Plugins.stop, "__defaults__", (0.1,))
    named(Stubborn)
    worker = start_worker()
    noop.enqueue().wait(30)
    assert worker.stop() == 0
    assert "test_plugins.Stubborn has not stopped within 0.1 s; it is left behind." in caplog.text
