"""What the page of a run shows of its life as a service, of parent and children, and of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.html import format_html
from django.utils.translation import gettext

from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.names import tail
from django_tasks_fsm.admin.payload import pretty
from django_tasks_fsm.admin.times import both
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Message, RunChild, TaskRun
from django_tasks_fsm.pictures.words import shown_state
from django_tasks_fsm.redaction import masked

MOST = 50
"""Children, and messages, on a page: the newest ones."""


@dataclass(frozen=True, slots=True)
class Child:
    """One line of the children."""

    name: str
    run: TaskRun
    state: str
    href: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One line of the messages; the payload is empty for who may not see it."""

    message: Message
    sender: str
    outcome: str
    payload: str


@dataclass(frozen=True, slots=True)
class Company:
    """Whom a run knows, newest first."""

    children: Sequence[Child]
    letters: Sequence[Letter]
    most: int = MOST


def service_facts(run: TaskRun, links: Links) -> list[tuple[str, Any]]:
    """Return what the head of the page says about a service, and about the run that has started this one."""
    found: list[tuple[str, Any]] = []
    if (bond := getattr(run, "bond", None)) is not None:
        found.append((gettext("Started by"), _link(links.page("taskrun", bond.parent_id), tail(bond.parent_id))))
    if (service := getattr(run, "service", None)) is not None:
        found.append((gettext("Ticks"), service.ticks))
        found.append((gettext("Last tick"), both(service.last_tick_at)))
        if run.state == RunState.RUNNING:
            found.append((gettext("Next tick"), both(service.next_tick_at)))
    return found


def with_company() -> dict[str, Exists]:
    """Return what to ask of a run so that those without children and messages cost nothing more."""
    return {
        "has_children": Exists(RunChild.objects.filter(parent=OuterRef("pk"))),
        "has_letters": Exists(Message.objects.filter(run=OuterRef("pk"))),
    }


def company(run: Any, links: Links, shows_payloads: bool) -> Company:
    """Return children and messages of a run that was read ``with_company``, each in one statement."""
    bonds = RunChild.objects.filter(parent=run).select_related("run__task").order_by("-pk")
    messages = run.messages.order_by("-number")
    rows = messages if shows_payloads else messages.defer("payload")
    return Company(
        [_child(bond, links) for bond in bonds[:MOST]] if run.has_children else [],
        [_letter(message, run, links, shows_payloads) for message in rows[:MOST]] if run.has_letters else [],
    )


def _child(bond: RunChild, links: Links) -> Child:
    return Child(bond.name, bond.run, shown_state(bond.run), links.page("taskrun", bond.pk))


def _letter(message: Message, run: TaskRun, links: Links, shows_payload: bool) -> Letter:
    sender = message.sender_id
    payload = (
        pretty(masked(message.payload, run.task.function)) if shows_payload and message.payload is not None else ""
    )
    said = _link(links.page("taskrun", sender), tail(sender)) if sender is not None else ""
    return Letter(message, said, _outcome(message, run), payload)


def _outcome(message: Message, run: TaskRun) -> str:
    if message.delivered_at is not None:
        return both(message.delivered_at)
    return gettext("not delivered: the run has ended") if run.is_final else gettext("waits")


def _link(href: str, text: str) -> str:
    return format_html('<a href="{}">{}</a>', href, text) if href else text
