"""A rule that the rows must obey, and how those are found that break it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import Model, Q, QuerySet

MOST = 1_000
"""Culprits of one rule that are kept; of more is said "1000+"."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the database goes by; ``now`` is the database's clock, as a column holds it."""

    using: str
    now: datetime
    lease: timedelta
    is_looked_after: bool
    """Whether a worker lives that has had the time to do what any worker does for all."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """A row, or what several rows have in common, that breaks a rule."""

    kind: str
    id: Any
    facts: Mapping[str, Any] = field(default_factory=dict)


class Find(Protocol):
    """Return those that break a rule, ``MOST`` and one at most; with ``among`` only those with these ids."""

    def __call__(self, look: Look, among: Collection[Any] | None = None) -> Sequence[Culprit]: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Find by one statement.

    ``build`` gets the rows of ``model``, narrowed down already, and returns the culprits; ``by`` names the column that
    tells one from another: the primary key, or what the rows are grouped by.
    """

    model: type[Model]
    kind: str
    build: Callable[[Look, QuerySet[Any]], QuerySet[Any]]
    columns: tuple[str, ...] = ()
    by: str = "pk"

    def __call__(self, look: Look, among: Collection[Any] | None = None) -> Sequence[Culprit]:
        """See Find."""
        rows = self.model._base_manager.using(look.using).order_by()
        if among is not None:
            rows = rows.filter(**{f"{self.by}__in": list(among)})
        found = self.build(look, rows).values_list(self.by, *self.columns)[: MOST + 1]
        return [Culprit(self.kind, pk, dict(zip(self.columns, facts, strict=True))) for pk, *facts in found]


@dataclass(frozen=True, slots=True)
class Where:
    """Find rows by their own columns alone: all such rules of one model are asked in one scan."""

    model: type[Model]
    kind: str
    wrong: Q
    columns: tuple[str, ...] = ()

    def __call__(self, look: Look, among: Collection[Any] | None = None) -> Sequence[Culprit]:
        """See Find."""
        return Rows(self.model, self.kind, lambda _, rows: rows.filter(self.wrong), self.columns)(look, among)


@dataclass(frozen=True, slots=True)
class Each:
    """Find by looking at the rows one after the other, in Python."""

    culprits: Callable[[Look], Sequence[Culprit]]

    def __call__(self, look: Look, among: Collection[Any] | None = None) -> Sequence[Culprit]:
        """See Find."""
        return [one for one in self.culprits(look) if among is None or one.id in among][: MOST + 1]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule by its code, which stays the same in later versions; the words, which may not, are translated late.

    A note tells of what may be as somebody wanted it, and does not make the check fail.
    """

    code: str
    title: Any
    meaning: Any
    advice: Any
    find: Find
    is_note: bool = False
