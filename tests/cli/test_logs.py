from __future__ import annotations

import logging
import sys
from contextlib import contextmanager

import pytest

from django_tasks_fsm.cli import logs
from django_tasks_fsm.cli.logs import OneLine


def line(message, *args, exc_info=None):
    return OneLine().format(logging.LogRecord("django_tasks_fsm", logging.INFO, "", 1, message, args, exc_info))


def test_an_event_is_a_line():
    assert line("Worker %s ready.", "ada").endswith(" info Worker ada ready.")


@pytest.mark.fault("F82")
@pytest.mark.parametrize(
    "name",
    ["a\nforged line", "a\r\nb", "\x1b[31mred", "a\u2028b", "a\u2029b", "a\x00b", "\ud800", "\u202egnp.exe", "a\x85b"],
)
def test_a_hostile_name_cannot_forge_a_line(name):
    said = line("Run %s failed.", name)
    assert said.isprintable()
    assert len(said.splitlines()) == 1
    said.encode()


def test_ordinary_words_of_other_languages_stay_readable():
    assert "Überweisung 請求書" in line("Run %s.", "Überweisung 請求書")


def test_a_traceback_follows_its_line():
    try:
        raise ValueError("of the receiver")
    except ValueError:
        said = line("A receiver failed.", exc_info=sys.exc_info())
    first, *rest = said.splitlines()
    assert first.endswith("A receiver failed.")
    assert rest[-1] == "    ValueError: of the receiver"


@pytest.mark.fault("F82")
def test_a_traceback_forges_no_event_and_no_colour():
    try:
        raise ValueError("a\n12:00:00 info Run 7 is done.\x1b[2J\u2028b")
    except ValueError:
        said = line("A receiver failed.", exc_info=sys.exc_info())
    assert all(each.startswith("    ") and each.isprintable() for each in said.split("\n")[1:])
    assert "    12:00:00 info Run 7 is done.\\x1b[2J" in said


@contextmanager
def unheard():
    """Take away, inside the test, those who listen to this app's logger, pytest among them."""
    logger = logging.getLogger("django_tasks_fsm")
    before = logger.handlers, logger.propagate, logger.level
    logger.handlers, logger.propagate = [], False
    try:
        yield logger
    finally:
        logger.handlers, logger.propagate = before[:2]
        logger.setLevel(before[2])


@pytest.mark.parametrize(("verbosity", "level"), [(0, logging.CRITICAL), (1, logging.INFO), (2, logging.DEBUG)])
def test_verbosity_is_a_level(verbosity, level):
    with unheard() as logger:
        logs.to_terminal(verbosity)
        assert (len(logger.handlers), logger.level) == (1, level)


def test_a_project_that_configures_logging_is_left_alone():
    theirs = logging.NullHandler()
    with unheard() as logger:
        logger.addHandler(theirs)
        logs.to_terminal(1)
        assert logger.handlers == [theirs]
