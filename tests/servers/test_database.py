"""Which source is taken, and what is left over from killed runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.servers.database import PREFIX, Database, Unavailable, first_available, is_orphan


@contextmanager
def absent() -> Iterator[Database]:
    raise Unavailable("nothing\nlistens")
    yield


@contextmanager
def present() -> Iterator[Database]:
    yield Database("postgresql", "postgres://127.0.0.1/x", "present")


def test_the_first_source_that_has_one_is_taken() -> None:
    with first_available({"server": absent, "debian": present}, None) as database:
        assert database.source == "present"


def test_a_forced_source_is_not_replaced_by_another() -> None:
    with (
        pytest.raises(Unavailable, match=r"^server: nothing listens$"),
        first_available({"server": absent, "debian": present}, "server"),
    ):
        pytest.fail("a server was found")


def test_an_unknown_source_is_named_with_the_choices() -> None:
    with (
        pytest.raises(Unavailable, match="no source 'docker'; choose one of server, debian"),
        first_available({"server": absent, "debian": present}, "docker"),
    ):
        pytest.fail("a server was found")


def test_only_databases_of_dead_test_runs_are_orphans() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    assert is_orphan(f"{PREFIX}{dead.pid}_gw1")
    assert not is_orphan(f"{PREFIX}{os.getpid()}")
    assert not is_orphan("shop")
    assert not is_orphan(f"{PREFIX}mine")
