from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django_tasks_fsm.tasks_api import core_logger
from django_tasks_fsm.worker.listening import listening


@contextmanager
def unconfigured() -> Iterator[logging.Logger]:
    """Let the root logger be as Python leaves it; in the test itself, because pytest adds handlers before each."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    root.setLevel(logging.WARNING)
    yield root
    root.handlers = handlers
    root.setLevel(level)


def test_an_unconfigured_root_logger_lets_the_asked_level_through_until_the_end() -> None:
    with unconfigured() as root:
        with listening():
            assert logging.getLogger("shop").isEnabledFor(logging.INFO)
        assert root.level == logging.WARNING


def test_what_django_says_of_each_run_is_not_made_for_nobody(monkeypatch) -> None:
    monkeypatch.setattr(core_logger, "parent", logging.getLogger())
    with unconfigured():
        with listening():
            assert not core_logger.isEnabledFor(logging.INFO)
        assert core_logger.level == logging.NOTSET
