"""Addresses and forms that were typed, cut off or made up: a page, a way back or a refusal, and never an exception."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.models import RunLog, TaskRun
from tests.admin.addresses import Address, addresses
from tests.admin.pages import APP
from tests.properties import examples

pytestmark = pytest.mark.django_db

FINE = {200, 301, 302, 400, 403, 404, 405}
# As they stand in an address: bytes that are no UTF-8 among them.
VALUES = (
    "", "+", "%00", "a%00b", "%ED%A0%80", "%ff%fe", "%", "%E2%80%AE", "0", "-1", "1.5", "nan", "inf", "1e999",
    "9" * 30, "9" * 5_000, "x" * 5_000, "%D9%A3", "%27%3B+drop", "%22%3E%3Cscript%3E", "null", "[]", "{}",
    "%5B" * 3_000,
    "%7B%22a%22%3A1", "a,b,c", "..%2F..", "%25s", "true", "yes", "none", "DONE", "done", "2026-13-45", "9999-12-31",
    "0001-01-01T00:00", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00Z", "all", "1", "2", "cron", "interval",
    "*+*+*+*+*", "0+0+30+2+*", "%40never", "H+*+*+*+*", "Europe%2FAtlantis", "Europe%2FParis", str(uuid.UUID(int=0)),
    "00000000", "q%3Aq%3Aq",
)  # fmt: skip
NAMES = (
    "q", "o", "p", "all", "e", "_popup", "_to_field", "_changelist_filters", "_facets", "when", "state", "queue",
    "schedule", "alive", "late", "last", "task", "worker", "graph", "group", "id", "id__exact", "task__id__exact",
    "name__regex", "kwargs__a__gt", "password", "steps", "timeline", "level", "links", "log", "around", "limit", "page",
    "trigger_kind", "trigger_cron", "trigger_every", "trigger_at", "trigger_timezone", "trigger_policy",
    "trigger_start",
    "trigger_end", "trigger_jitter", "trigger_json", "timezone", "name", "catch_up", "catch_up_cap", "misfire_grace",
    "app_label", "model_name", "field_name", "term", "%00", "__", "task__", "state__in", "run_at__year", "o__o",
)  # fmt: skip
queries = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), min_size=1, max_size=3)


@pytest.fixture
def every(admin_client: Client) -> tuple[Client, list[Address]]:
    """Give a client that may do everything, and every address with what a form there sends."""
    found = list(addresses())
    run = TaskRun.objects.all()[0]
    line = {"attempt": 1, "level": 20, "logger": "a", "message": "b", "size": 1}
    RunLog.objects.create(run=run, fence=1, number=1, at=run.enqueued_at, **line)
    return admin_client, found


def own_names(where: Address) -> Iterator[str]:
    """Give the parameters by which the filters of the list at an address are asked."""
    for model, model_admin in admin.site._registry.items():
        if where.path.startswith(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")):
            for one in model_admin.list_filter:
                yield str(getattr(one, "parameter_name", "") or (one[0] if isinstance(one, tuple) else one))


@pytest.mark.fault("F83")
@given(data=st.data())
@examples(60)
def test_any_query_is_answered(every: tuple[Client, list[Address]], data: st.DataObject) -> None:
    client, found = every
    where = data.draw(st.sampled_from(found))
    query = data.draw(queries)
    own = sorted(own_names(where))
    if own:
        query |= {data.draw(st.sampled_from(own)): data.draw(st.sampled_from(VALUES))}
    path = (
        where.path + ("&" if "?" in where.path else "?") + "&".join(f"{name}={value}" for name, value in query.items())
    )
    with transaction.atomic():
        assert client.get(path).status_code in FINE
        transaction.set_rollback(True)


TYPED = (
    "", " ", "\x00", "a\x00b", "\u202e", "\x1b[31m", "0", "-1", "1.5", "nan", "inf", "-inf", "1e999", "9" * 30,
    "9" * 5_000,
    "x" * 5_000, "\u0663", "'; drop", "<script>", "null", "[]", "[" * 2_000, "[1", '["\\u0000"]', '["\\ud800"]',
    "[NaN]",
    '{"a": [[[1]]]}', "[1e999]", "a,b", "true", "on", "2026-13-45", "0001-01-01T00:00:00", "9999-12-31T23:59:59",
    "9999-12-31 23:59:59-23:00", "* * * * *", "0 0 30 2 *", "@never", "H * * * *", "Europe/Atlantis", "os.system",
    "__import__", str(uuid.UUID(int=0)), "DONE", "1", "101", "cron", "interval", "once", "any", "json",
    '{"kind": "cron"}', '{"version": 1, "kind": "interval", "every": 1e400}',
    '{"version": 1, "kind": "any", "of": [{}]}',
)  # fmt: skip
MORE = (
    "trigger_cron", "trigger_every", "trigger_at", "trigger_timezone", "trigger_json", "trigger_start", "trigger_end",
    "timeout", "misfire_grace", "min_interval", "max_instances", "concurrency", "rate_limit", "group", "description",
    "executor", "max_runs", "next_run_at_0", "next_run_at_1", "action", "_selected_action", "select_across", "index",
    "value", "slots", "until", "fingerprint", "reset", "prerequisite_edges-TOTAL_FORMS",
    "prerequisite_edges-INITIAL_FORMS",
    "prerequisite_edges-0-prerequisite", "prerequisite_edges-0-condition", "prerequisite_edges-0-id", "_save",
    "_saveasnew",
)  # fmt: skip


@given(data=st.data())
@examples(60)
def test_any_form_is_answered(every: tuple[Client, list[Address]], data: st.DataObject) -> None:
    client, found = every
    where = data.draw(st.sampled_from([one for one in found if one.data]))
    changed = data.draw(
        st.dictionaries(st.sampled_from([*sorted(where.data), *MORE]), st.sampled_from(TYPED), min_size=1, max_size=2)
    )
    with transaction.atomic():
        assert client.post(where.path, {**where.data, **changed}).status_code in FINE
        transaction.set_rollback(True)


ROWS = ("", "%00", "%ff", "..", "x" * 3_000, "9" * 5_000, "_5F", "_ZZ", "-1", "None", "1_2F2")


def test_any_row_that_is_asked_for_is_answered(every: tuple[Client, list[Address]]) -> None:
    client, _ = every
    for name in ("task", "taskrun", "worker", "queue"):
        base = reverse(f"admin:{APP}_{name}_changelist")
        for rest in ("change/", "history/", "delete/", "live/", "preview/", "graph.svg", "graph.dot", "log.txt"):
            for row in ROWS:
                assert client.get(f"{base}{row}/{rest}").status_code in FINE, (name, row[:20], rest)
