from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import Queue
from tests.store.rows import DB

pytestmark = pytest.mark.django_db

CLOSE = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _queue(db):
    Queue.objects.get_or_create(name="default")


def now():
    Queue.objects.filter(name="default").update(paused_at=DatabaseNow())
    return Queue.objects.get(name="default").paused_at


def selected():
    dialect = for_alias(DB)
    return dialect.time_out(dialect.fetch(f"SELECT {dialect.now_sql}")[0][0])


@pytest.mark.fault("F48")
def test_the_databases_clock_is_utc():
    assert abs(now() - timezone.now()) < CLOSE
    assert abs(selected() - timezone.now()) < CLOSE


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns", "UTC"])
@pytest.mark.parametrize("use_tz", [True, False])
def test_the_clock_is_what_django_would_have_stored(zone, use_tz):
    with override_settings(TIME_ZONE=zone, USE_TZ=use_tz):
        assert timezone.is_aware(now()) == use_tz
        assert abs(now() - timezone.now()) < CLOSE
        assert abs(selected() - timezone.now()) < CLOSE


@pytest.mark.fault("F48")
@pytest.mark.skipif(connection.vendor != "mysql", reason="Django itself needs UTC sessions elsewhere")
def test_the_time_zone_of_the_session_does_not_shift_the_clock():
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+09:00'")
        try:
            assert abs(now() - timezone.now()) < CLOSE
        finally:
            cursor.execute("SET time_zone = SYSTEM")


def test_the_clock_runs_on_within_a_transaction():
    with transaction.atomic():
        first = now()
        assert [now() for _ in range(50)][-1] > first


@pytest.mark.skipif(connection.vendor != "sqlite", reason="other servers have clocks of their own")
def test_the_clock_is_not_behind_the_hosts_which_has_finer_steps():
    for _ in range(50):
        before = timezone.now()
        assert before <= now() <= timezone.now() + timedelta(milliseconds=1)


def test_the_clock_can_be_shifted_and_compared():
    Queue.objects.filter(name="default").update(paused_at=DatabaseNow() - timedelta(hours=1))
    assert not Queue.objects.filter(name="default", paused_at__gt=DatabaseNow() - timedelta(minutes=59)).exists()
    assert Queue.objects.filter(name="default", paused_at__gt=DatabaseNow() - timedelta(minutes=61)).exists()
    Queue.objects.filter(name="default").update(paused_at=DatabaseNow() + timedelta(microseconds=1, days=1))
    assert Queue.objects.filter(name="default", paused_at__gt=DatabaseNow()).exists()
