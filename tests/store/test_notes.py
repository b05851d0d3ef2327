from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.exceptions import OwnershipLost
from django_tasks_fsm.models import RunDetail, TaskRun
from django_tasks_fsm.store import notes
from tests.store.faults import rolled_back
from tests.store.rows import DB, FAILURE, a_run, claimed, done, enqueued, failed, finished, waits_for

pytestmark = pytest.mark.django_db

WRITES = {
    "progress": lambda claim: notes.progress(claim.id, claim.fence, 1, 2, "x", DB),
    "log": lambda claim: notes.log(claim.id, claim.fence, "line\n", DB),
    "metadata": lambda claim: notes.save_metadata(claim.id, claim.fence, {"a": 1}, DB),
    "graph": lambda claim: notes.join_graph(claim.id, claim.fence, DB),
}


def a_claim() -> Claim:
    return claimed(a_run())


def detail(claim: Claim) -> RunDetail:
    return RunDetail.objects.get(pk=claim.id)


def percent(claim: Claim) -> int | None:
    return TaskRun.objects.get(pk=claim.id).progress


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [
        (0, 10, 0),
        (1, 3, 33),
        (10, 10, 100),
        (15, 10, 100),
        (-5, 10, 0),
        (5, None, None),
        (5, 0, None),
        (10**15, 10**16, 10),
    ],
)
def test_progress_is_stored_in_steps_and_per_cent(done, total, shown):
    claim = a_claim()
    notes.progress(claim.id, claim.fence, done, total, "files", DB)
    row = detail(claim)
    assert (row.progress_done, row.progress_total, row.progress_note, percent(claim)) == (done, total, "files", shown)


def test_a_note_of_any_length_and_content_can_be_stored():
    claim = a_claim()
    notes.progress(claim.id, claim.fence, 1, 2, "\x00\ud800" + "x" * 1000, DB)
    note = detail(claim).progress_note
    assert 150 < len(note) <= 200
    assert note[:7] == "\u2400\\ud800"


def test_the_log_grows_line_by_line():
    claim = a_claim()
    for line in ("one\n", "two\n"):
        notes.log(claim.id, claim.fence, line, DB)
    assert detail(claim).log == "one\ntwo\n"


def test_the_oldest_part_of_a_long_log_falls_off():
    claim = a_claim()
    for number in range(5):
        notes.log(claim.id, claim.fence, f"{number}" * 20_000, DB)
    text = detail(claim).log
    assert len(text) == notes.LOG_LIMIT
    assert (text[0], text[-1]) == ("1", "4")


def test_metadata_are_replaced_and_read_back():
    claim = a_claim()
    assert notes.load_metadata(claim.id, DB) == {}
    notes.save_metadata(claim.id, claim.fence, {"a": [1, {"b": None}]}, DB)
    notes.save_metadata(claim.id, claim.fence, {"c": "é"}, DB)
    assert notes.load_metadata(claim.id, DB) == {"c": "é"}


def test_progress_log_and_metadata_do_not_wipe_each_other_out():
    claim = a_claim()
    for write in WRITES.values():
        write(claim)
    row = detail(claim)
    assert (row.progress_done, row.log, row.metadata) == (1, "line\n", {"a": 1})


def test_a_run_that_stands_alone_founds_a_graph():
    claim = a_claim()
    assert notes.join_graph(claim.id, claim.fence, DB) == claim.id
    assert TaskRun.objects.get(pk=claim.id).graph == claim.id


def test_a_run_of_a_graph_stays_in_it():
    graph = uuid.uuid4()
    claim = claimed(a_run(graph=graph))
    assert notes.join_graph(claim.id, claim.fence, DB) == graph


def lose_to_another(claim: Claim) -> None:
    finished(Outcome.released(claim, "lost"))
    claimed(TaskRun.objects.get(pk=claim.id))


LOSSES = {
    "another worker holds it": lose_to_another,
    "it waits again": lambda claim: finished(Outcome.released(claim, "lost")),
    "it was aborted": lambda claim: TaskRun.objects.get(pk=claim.id).abort(),
    "it is done": lambda claim: finished(Outcome.done(claim, "1")),
    "it was deleted": lambda claim: TaskRun.objects.all().delete(),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("write", WRITES)
def test_a_worker_that_has_lost_the_run_writes_nothing(write, loss):
    claim = a_claim()
    LOSSES[loss](claim)
    before = list(TaskRun.objects.values())
    with pytest.raises(OwnershipLost):
        WRITES[write](claim)
    assert list(TaskRun.objects.values()) == before
    assert not RunDetail.objects.exists()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_worker_that_has_lost_the_run_is_told_when_it_asks(loss):
    claim = a_claim()
    LOSSES[loss](claim)
    with pytest.raises(OwnershipLost):
        notes.requests(claim.id, claim.fence, DB)


def test_a_request_to_stop_is_heard():
    claim = a_claim()
    assert notes.requests(claim.id, claim.fence, DB) == notes.Requests(None, None)
    TaskRun.objects.get(pk=claim.id).cancel()
    asked = notes.requests(claim.id, claim.fence, DB).stop
    assert asked is not None
    assert abs(asked - timezone.now()) < timedelta(seconds=5)


def test_a_request_to_rest_is_heard_and_taken_back():
    claim = a_claim()
    run = TaskRun.objects.get(pk=claim.id)
    run.pause()
    assert notes.requests(claim.id, claim.fence, DB).pause is not None
    run.resume()
    assert notes.requests(claim.id, claim.fence, DB) == notes.Requests(None, None)


@pytest.mark.django_db(transaction=True)
def test_notes_in_a_tasks_own_transaction_commit_or_not_with_its_work():
    claim = a_claim()
    with rolled_back():
        notes.progress(claim.id, claim.fence, 1, 2, "", DB)
    assert percent(claim) is None
    assert not RunDetail.objects.exists()


def test_the_results_of_prerequisites_are_told_with_their_states():
    one, two = enqueued(), enqueued()
    done(one, '{"rows": 3}')
    failed(two)
    run = a_run()
    waits_for(run, one, two, condition="finished", met=True)
    first, second = notes.prerequisite_results(run.pk, DB)
    assert (first.run_id, first.task, first.state, first.result, first.error) == (
        one.pk,
        "work",
        "DONE",
        {"rows": 3},
        "",
    )
    assert (second.state, second.error) == ("FAILED", f"{FAILURE.exception}: {FAILURE.message}")
    assert notes.prerequisite_results(one.pk, DB) == []
