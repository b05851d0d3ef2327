"""Work at the same time on connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import pytest
from django.db import connections, transaction

T = TypeVar("T")
SECONDS = 20.0


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Start ``work`` on a thread that closes its connections at the end; ``result(SECONDS)`` gives what it returned."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)
        finally:
            connections.close_all()

    threading.Thread(target=run, daemon=True).start()
    return future


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment and return what they return, in order."""
    barrier = threading.Barrier(len(works), timeout=SECONDS)

    def when_all_are_here(work: Callable[[], T]) -> Callable[[], T]:
        def run() -> T:
            barrier.wait()
            return work()

        return run

    return results([in_thread(when_all_are_here(work)) for work in works])


def results(futures: Sequence[Future[T]]) -> list[T]:
    """Return all results, or raise the first error."""
    return [future.result(SECONDS) for future in futures]


class Session:
    """Another connection whose transaction the test opens and ends step by step."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._atomic: transaction.Atomic | None = None

    def do(self, work: Callable[[], T]) -> T:
        """Do ``work`` on the session's connection; its transaction is opened first where none is."""
        return self._thread.submit(self._open_and, work).result(SECONDS)

    def _open_and(self, work: Callable[[], T]) -> T:
        if self._atomic is None:
            self._atomic = transaction.atomic()
            self._atomic.__enter__()
        return work()

    def commit(self) -> None:
        """Commit; the next step opens another transaction."""
        self._thread.submit(self._end, None).result(SECONDS)

    def _end(self, error: type[BaseException] | None) -> None:
        atomic, self._atomic = self._atomic, None
        if atomic is not None:
            atomic.__exit__(error, None, None)

    def fail(self) -> None:
        """Roll back what is open."""
        self._thread.submit(self._end, KeyboardInterrupt).result(SECONDS)

    def close(self) -> None:
        """Roll back what is open and leave."""
        self.fail()
        self._thread.submit(connections.close_all).result(SECONDS)
        self._thread.shutdown()


@pytest.fixture
def other() -> Iterator[Session]:
    """Give a second connection."""
    session = Session()
    yield session
    session.close()


def meanwhile(other: Session, work: Callable[[], T]) -> T:
    """Start ``work`` while the other session holds its locks, let that commit, and return what ``work`` returned."""
    future = in_thread(work)
    # Long enough to reach the lock. Where it is not, the test is weaker, never wrong.
    wait([future], timeout=0.1)
    other.commit()
    return future.result(SECONDS)
