"""``tasks_fsm preview`` as a person or a script uses it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from django_tasks_fsm.core.triggers import Trigger, WorkerStart, cron, dump, every
from django_tasks_fsm.models import Task
from tests.store.rows import saved

PARIS = ("--tz", "Europe/Paris", "--from", "2026-10-24T12:00:00Z")


def preview(*arguments: str) -> str:
    out = io.StringIO()
    call_command("tasks_fsm", "preview", *arguments, stdout=out)
    return out.getvalue()


def as_json(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(preview(*arguments, "--json"))
    return found


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        preview(*arguments)
    assert caught.value.returncode == 2
    return str(caught.value)


def a_task(trigger: Trigger, **values: Any) -> Task:
    return Task.objects.create(name="nightly figures", function="f", trigger=dump(trigger), **values)


def digest() -> str:
    models = apps.get_app_config("django_tasks_fsm").get_models()
    return hashlib.sha256(
        repr([list(model._base_manager.order_by("pk").values()) for model in models]).encode()
    ).hexdigest()


def test_an_expression_is_told_in_utc_without_a_database():
    found = as_json("30 2 * * *", *PARIS, "--count", "3")
    assert found["times"] == ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00", "2026-10-27T01:30:00+00:00"]
    assert (found["timezone"], found["marks"]) == ("Europe/Paris", ["first", "", ""])


def test_a_person_reads_both_clocks_and_what_is_odd():
    lines = preview("30 2 * * *", *PARIS).splitlines()
    assert len(lines) == 6
    assert (
        "Sun 2026-10-25 02:30:00 CEST  2026-10-25 00:30:00 UTC  the first of two such times: the clocks are set back"
        in lines[1]
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["0 0 30 2 *"], "never fires: no date satisfies"),
        (["61 * * * *"], "61 is no minute"),
        (["0 5 * * mon-funday"], "'mon-funday'|'funday' is no day of week"),
        (["* * * * *", "--tz", "Europe/Pariss"], "Did you mean Europe/Paris"),
        (["@fortnightly"], "the known names are @yearly"),
        (["R 5 * * *"], "use H"),
        (["no such task"], "There is no task 'no such task', and it is no cron expression"),
        ([""], "There is no task ''"),
    ],
)
def test_what_cannot_fire_is_refused_with_a_sentence(arguments: list[str], sentence: str):
    assert re.search(sentence, refused(*arguments))


@pytest.mark.parametrize(
    "arguments", [["--count", "0"], ["--count", "10001"], ["--from", "tomorrow"], ["--from", "2026-13-01T00:00:00Z"]]
)
def test_a_flag_that_cannot_be_used_is_refused(arguments: list[str]):
    with pytest.raises(CommandError):
        preview("* * * * *", *arguments)


@pytest.mark.django_db
def test_a_task_is_found_by_its_name_and_begins_with_the_time_that_is_set():
    first = timezone.now().replace(microsecond=0) + timedelta(minutes=7)
    a_task(every(3600), next_run_at=first)
    found = as_json("nightly figures", "--count", "2")
    assert found["times"] == [first.isoformat(), (first + timedelta(hours=1)).isoformat()]
    assert found["state"] == "ACTIVE"


@pytest.mark.django_db
def test_the_zone_of_a_task_is_only_for_showing():
    a_task(cron("0 9 * * *", "Europe/Paris"))
    start = ("--from", "2026-07-01T00:00:00Z", "--count", "1")
    assert (
        as_json("nightly figures", *start)["times"] == as_json("nightly figures", *start, "--tz", "Asia/Tokyo")["times"]
    )
    assert "16:00:00 JST" in preview("nightly figures", *start, "--tz", "Asia/Tokyo")


@pytest.mark.django_db
def test_the_task_is_looked_for_in_the_database_that_is_named():
    a_task(cron("0 3 * * *"))
    assert as_json("nightly figures", "--database", "default") == as_json("nightly figures")


@pytest.mark.django_db
def test_a_task_that_never_fires_by_time_says_so():
    a_task(WorkerStart())
    assert refused("nightly figures") == "'nightly figures' never fires: when a worker starts."


@pytest.mark.django_db
def test_a_task_whose_schedule_cannot_be_read_is_an_error_and_no_traceback():
    saved(Task(name="sick", function="f", trigger={"kind": "moon"}))
    assert "must be one of" in refused("sick")


@pytest.mark.django_db
def test_it_changes_nothing():
    a_task(cron("H 3 * * *", seed="x"), next_run_at=timezone.now())
    before = digest()
    preview("nightly figures")
    preview("nightly figures", "--from", "2031-01-01T00:00:00Z", "--count", "50", "--json")
    preview("H H * * *")
    assert digest() == before
