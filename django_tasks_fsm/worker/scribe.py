"""Store what runs log, beside the engine: in a thread with a connection of its own, before their ends are stored."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import connections

from django_tasks_fsm import conf
from django_tasks_fsm.core.lines import Line, Lines
from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.store.lines import Batch, Key, keep
from django_tasks_fsm.worker import listening
from django_tasks_fsm.worker.listening import Hearing, message_of

logger = logging.getLogger("django_tasks_fsm")

EVERY = 0.5
"""Seconds between two writings while runs go on; one that ends is written for at once."""
AT_ONCE = 2_000
"""Lines in one transaction, or a few more."""
PATIENCE = 30.0
"""Seconds for which the end of a run waits for its lines while the database does not answer."""
LAST_MOMENT = 5.0


@dataclass(slots=True, eq=False)
class Book:
    """The lines of one claim."""

    claim: Claim
    lines: Lines
    before: int | None = None
    is_over: bool = False
    """Whether the end of the run is stored already."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A book to write from, and what to pass on afterwards: only an outcome that was there before its lines were taken.

    A function may end while its lines are being written.
    """

    book: Book
    outcome: Outcome | None = None
    since: float = field(default_factory=time.monotonic)


class Scribe:
    """Stands between executors and outbox: whoever sees that a run has ended finds its lines there.

    A run that logs nothing costs no statement, and its outcome passes. Any thread may take, accept and report.
    """

    def __init__(self, using: str, put: Callable[[Outcome], None], inline: bool = False) -> None:
        self._using, self._put, self._inline = using, put, inline
        self._books: dict[Key, Book] = {}
        self._fresh: dict[Key, Book] = {}
        self._over: list[Entry] = []
        self._news = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_started = self._ending = self._is_troubled = False

    def start(self) -> None:
        """Listen to what functions log from now on; the thread starts with the first line."""
        self._is_started = True
        listening.begin()

    def stop(self) -> None:
        """Write what there is, and end."""
        if self._is_started:
            self._is_started = False
            listening.end()
        with self._news:
            self._ending = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join(LAST_MOMENT)

    def take(self, hearing: Hearing, record: logging.LogRecord) -> None:
        """Take a record that the function of a run has made; raise nothing."""
        book = self._book(hearing)
        book.lines.add(record.created, record.levelno, record.name, message_of(record))
        self._freshen(book)

    def accept(self, hearing: Hearing, lines: Iterable[Line]) -> None:
        """Take lines that the function of a run has logged in another process."""
        book = self._book(hearing)
        book.lines.extend(lines)
        self._freshen(book)

    def report(self, outcome: Outcome) -> None:
        """Pass an outcome on, behind the lines of its run."""
        book = self._books.pop(outcome.claim.key, None)
        if book is None:
            self._put(outcome)
            return
        book.is_over = outcome.is_stored
        with self._news:
            self._fresh.pop(outcome.claim.key, None)
            self._over.append(Entry(book, outcome))
            self._news.notify()
        if self._inline:
            self.flush()

    def flush(self) -> None:
        """Write all that there is in this thread, and let no outcome wait any longer."""
        with self._news:
            # A copy, made in one go: runs that end meanwhile take their books out.
            self._fresh |= {book.claim.key: book for book in list(self._books.values()) if len(book.lines)}
        self._write(patience=0.0)

    def _book(self, hearing: Hearing) -> Book:
        book: Book | None = hearing.book
        if book is None:
            with self._news:
                book = hearing.book = hearing.book or self._new_book(hearing)
        return book

    def _new_book(self, hearing: Hearing) -> Book:
        options = conf.options()
        book = Book(hearing.claim, Lines(options.log_lines, options.log_bytes))
        self._books[book.claim.key] = book
        if self._thread is None and not self._inline:
            self._thread = threading.Thread(target=self._work, name="tasks-fsm-scribe", daemon=True)
            self._thread.start()
        return book

    def _freshen(self, book: Book) -> None:
        # Asked without the lock: a writer that has just taken the book out takes its lines only afterwards.
        if book.claim.key not in self._fresh:
            with self._news:
                self._fresh[book.claim.key] = book
                self._news.notify()

    def _work(self) -> None:
        while not self._ending:
            with self._news:
                self._news.wait_for(lambda: self._fresh or self._over or self._ending)
                self._news.wait_for(lambda: self._over or self._ending, EVERY)
            if not self._write(PATIENCE):
                connections[self._using].close()
                with self._news:
                    self._news.wait_for(lambda: self._ending, EVERY)
        self.flush()
        connections[self._using].close()

    def _write(self, patience: float) -> bool:
        """Write what is fresh and pass on what is over; return False where the database does not answer."""
        with self._writing:
            entries = self._taken()
            while entries:
                some, entries = _portion(entries)
                if not self._keep([entry.book for entry in some]):
                    self._keep_for_later([*some, *entries], patience)
                    return False
                for entry in some:
                    self._pass_on(entry)
        return True

    def _taken(self) -> list[Entry]:
        with self._news:
            entries = [*self._over, *map(Entry, self._fresh.values())]
            self._over, self._fresh = [], {}
        return entries

    def _keep(self, books: list[Book]) -> bool:
        """Store lines; those that can never be stored are dropped, for the runs themselves matter more."""
        batches, options = [_batch(book) for book in books], conf.options()
        wanted = [batch for batch in batches if batch.lines]
        before: dict[Key, int] = {}
        try:
            if wanted:
                before = keep(wanted, options.log_lines, options.log_bytes, self._using, self._is_troubled)
        except Exception as error:  # whatever it is, the ends of runs wait for this thread
            is_transient = for_alias(self._using).is_transient(error)
            if is_transient or len(wanted) == 1:
                self._complain(error)
            if is_transient or len(wanted) > 1:
                for book, batch in zip(books, batches, strict=True):
                    book.lines.put_back(batch.lines)
            # One line that no database takes must not cost the other runs theirs.
            return not is_transient and (len(wanted) == 1 or all(self._keep([book]) for book in books))
        for book, batch in zip(books, batches, strict=True):
            book.before = before.get(book.claim.key, book.before)
            if batch.lines and book.claim.key not in before:  # the run is over, or another worker's
                self._books.pop(book.claim.key, None)
        self._is_troubled = False
        return True

    def _complain(self, error: Exception) -> None:
        if not self._is_troubled:
            self._is_troubled = True
            logger.error("What runs log cannot be stored: %s: %s", type(error).__name__, error)

    def _keep_for_later(self, entries: list[Entry], patience: float) -> None:
        for entry in entries:
            if entry.outcome is None:
                self._freshen(entry.book)
            elif time.monotonic() - entry.since >= patience:
                self._pass_on(entry)
            else:
                with self._news:
                    self._over.append(entry)

    def _pass_on(self, entry: Entry) -> None:
        if entry.outcome is not None:
            self._put(entry.outcome)


def _batch(book: Book) -> Batch:
    return Batch(book.claim, book.lines.take(), book.lines.count, book.lines.size, book.before, book.is_over)


def _portion(entries: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Divide entries into those of one transaction and the rest."""
    lines = 0
    for place, entry in enumerate(entries, 1):
        lines += len(entry.book.lines)
        if lines >= AT_ONCE:
            return entries[:place], entries[place:]
    return entries, []
