"""Whatever people and functions write about runs reaches each database, and is read back as it was cleaned."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from django_tasks_fsm.core.lines import Lines
from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.exceptions import UnstorablePayload
from django_tasks_fsm.models import Message, Queue, RunDetail, RunLog, Transition, Worker
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.mail import Letter, send
from django_tasks_fsm.models.queue_verbs import pause_queues
from django_tasks_fsm.models.worker_verbs import pause_workers
from django_tasks_fsm.store import lines, notes
from tests.admin.rows import make_worker
from tests.dialects.test_storable import anything, same, texts
from tests.properties import examples
from tests.store.rows import DB, a_run, claimed

pytestmark = pytest.mark.django_db

words = texts | st.text(st.characters(codec=None), min_size=300, max_size=700)


@given(words, words)
@examples(20)
@example("\x00" * 600, "\ud800" * 200)
@example("\U0001f600" * 600, "a\x00b")
def test_the_reason_and_the_author_of_a_change_read_back(reason, name):
    run, actor = a_run(), Actor(name)
    with transaction.atomic():
        assert run.cancel(actor=actor, reason=reason)
        row = Transition.objects.get(run=run)
        assert (row.reason, row.actor) == (clean_text(reason, 500), clean_text(name, 150))
        queue, _ = Queue.objects.get_or_create(name="default")
        worker = make_worker()
        pause_queues([queue.pk], DB, actor=actor, reason=reason)
        pause_workers([worker.pk], DB, actor=actor, reason=reason)
        for paused in (Queue.objects.get(pk=queue.pk), Worker.objects.get(pk=worker.pk)):
            assert (paused.pause_reason, paused.paused_by) == (clean_text(reason, 500), clean_text(name, 150))
        transaction.set_rollback(True)


@given(words, words)
@examples(20)
@example("\x00" * 300, "\ud800")
def test_what_a_run_says_of_itself_reads_back(note, logger):
    claim = claimed(a_run(priority=100))
    notes.progress(claim.id, claim.fence, 1, 2, note, DB)
    notes.log(claim.id, claim.fence, note, DB)
    said = Lines(10, 100_000)
    said.add(0.0, 20, logger, note)
    taken = said.take()
    lines.keep([lines.Batch(claim, taken, said.count, said.size)], 10, 100_000, DB)
    detail = RunDetail.objects.get(pk=claim.id)
    assert (detail.progress_note, detail.log) == (clean_text(note, 200), clean_text(note))
    row = RunLog.objects.get(run_id=claim.id)
    assert (row.message, row.logger) == (taken[0].message, taken[0].logger)


@given(texts, anything)
@examples(25)
def test_a_message_that_can_be_sent_reads_back(name, payload):
    run = a_run()
    try:
        letter = Letter(run.pk, name, payload)
    except (ValueError, UnstorablePayload):
        return
    send([letter], DB)
    row = Message.objects.get(pk=letter.id)
    assert row.name == name
    assert same(letter.payload, row.payload)
