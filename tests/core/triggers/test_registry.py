from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.triggers import (
    AllOf,
    AnyOf,
    Cron,
    Interval,
    Manual,
    Once,
    WorkerStart,
    WorkerStop,
    dump,
    kinds,
    load,
    register_kind,
    registry,
)
from django_tasks_fsm.exceptions import InvalidTrigger, NameTaken
from tests.properties import examples

DAY = datetime(2026, 1, 1, tzinfo=UTC)
TRIGGERS = [
    Manual(),
    Once(DAY),
    Interval(timedelta(seconds=90)),
    Interval(timedelta(microseconds=12_345), start=DAY, end=DAY + timedelta(days=1)),
    Cron("30 2 * * *", "Europe/Paris"),
    Cron("H H * * *", policy="skip", seed="billing", start=DAY, end=DAY + timedelta(days=9)),
    Cron("5 4 * * *", jitter=timedelta(seconds=30)),
    Interval(timedelta(minutes=5), from_end=True, jitter=timedelta(seconds=1.5)),
    AnyOf((Cron("5 4 * * *"), Once(DAY), WorkerStart())),
    AllOf((Cron("5 4 * * *"), AnyOf((Once(DAY), Interval(timedelta(hours=1), start=DAY))))),
    WorkerStart(),
    WorkerStop(),
]


@pytest.fixture
def own_kinds() -> Iterator[None]:
    before = dict(registry._kinds)
    yield
    registry._kinds.clear()
    registry._kinds.update(before)


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.describe())
def test_a_trigger_comes_back_from_json_equal(trigger):
    data = dump(trigger)
    assert load(data) == trigger
    assert (data["version"], data["kind"]) == (1, trigger.kind)


def test_every_kind_is_tried_above():
    assert set(kinds()) == {trigger.kind for trigger in TRIGGERS}


def test_an_unknown_kind_is_told_the_allowed_ones():
    with pytest.raises(
        InvalidTrigger,
        match="Key 'kind' is 'solar', but must be one of: all, any, cron, interval, ",
    ):
        load({"kind": "solar", "version": 1})


@pytest.mark.parametrize("version", [2, 0, None, "1", True, 1.0])
def test_another_version_is_refused(version):
    with pytest.raises(InvalidTrigger, match=r"Key 'version'.*reads version 1"):
        load({"kind": "manual", "version": version})


@pytest.mark.parametrize("data", [None, [], "cron", 3, [("kind", "manual")]])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(InvalidTrigger, match="is an object with the keys"):
        load(data)


HOSTILE: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [None, True, [], {}, "", -1, 10**400, float("nan"), float("inf"), "9999-12-31T23:59:59-23:00", "skip"]
    ),
    st.integers(),
    st.text(max_size=9),
)
KEYS = st.sampled_from(
    [
        "every",
        "at",
        "expression",
        "timezone",
        "policy",
        "seed",
        "start",
        "end",
        "version",
        "kind",
        "of",
        "from_end",
        "jitter",
        "",
    ]
)


@examples(100)
@given(st.sampled_from(TRIGGERS), st.dictionaries(KEYS, HOSTILE, min_size=1, max_size=2))
def test_hostile_json_gives_a_trigger_or_invalid_trigger(trigger, damage):
    try:
        damaged = load({**dump(trigger), **damage})
    except InvalidTrigger:
        return
    assert load(dump(damaged)) == damaged


def test_a_project_can_add_a_kind(own_kinds):
    @register_kind
    @dataclass(frozen=True)
    class Never(Manual):
        kind = "never"

    assert isinstance(load(dump(Never())), Never)


def test_a_kind_belongs_to_one_class(own_kinds):
    @dataclass(frozen=True)
    class Other(Manual):
        pass

    with pytest.raises(NameTaken, match="'manual' is registered"):
        register_kind(Other)
    assert register_kind(Manual) is Manual


def test_a_trigger_that_could_not_be_loaded_is_not_dumped():
    @dataclass(frozen=True)
    class Forgotten(Manual):
        kind = "forgotten"

    with pytest.raises(InvalidTrigger, match="Decorate it with @register_kind"):
        dump(Forgotten())
