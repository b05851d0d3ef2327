"""The real verbs and the reference side by side, in whatever order Hypothesis finds."""

from __future__ import annotations

import uuid
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from django_tasks_fsm.core.keys import OnKey
from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.core.prerequisites import Awaited, Condition, OnFailure
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.exceptions import AlreadyStarted, CycleFound, IllegalTransition, KeyTaken, PrerequisiteDiffers
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.queue_verbs import pause_queues, resume_queues
from django_tasks_fsm.store import admit, workers
from django_tasks_fsm.store.claim import claim
from django_tasks_fsm.store.edges import RunEdge, require
from django_tasks_fsm.store.enqueue import Request, enqueue, enqueue_many
from django_tasks_fsm.store.finish import finish
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.prune import prune
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.store.stage import stage
from tests.protocol.known import Edge
from tests.protocol.making import made
from tests.protocol.sides import Sides
from tests.store.rows import DB, FAILURE

LEASE = timedelta(seconds=60)
DELAYS = (timedelta(0), timedelta(0), timedelta(seconds=30), timedelta(hours=6))
ANY = st.integers(0, 5)
"""Which of some things: counted from the last one, so that the simplest example is about the newest."""


class Machine(Sides):
    """The verbs; a step does the same to both sides."""

    # Making

    @rule(
        at=st.lists(ANY, max_size=2, unique=True),
        delay=st.sampled_from(DELAYS),
        priority=st.sampled_from((0, 0, 5)),
        condition=st.sampled_from(Condition),
        policy=st.sampled_from(OnFailure),
        limited=st.booleans(),
        prepare=st.sampled_from((False, False, False, True)),
    )
    def enqueue(self, at, delay, priority, condition, policy, limited, prepare):
        """Make a run that waits for up to two others."""
        awaited = dict.fromkeys(pk for one in at if (pk := self.a_run(one)) is not None)
        task, queue = (self.limited, "limited") if limited else (self.plain, "default")
        request = Request(
            task.pk, queue=queue, priority=priority, run_at=self.clock.now + delay, prepare=prepare,
            prerequisites=tuple(Awaited(pk, condition, policy) for pk in awaited),
        )  # fmt: skip
        enqueue(request, DB)
        edges = {pk: Edge(condition, policy) for pk in awaited}
        known = made(request.id, self.clock.now + delay, edges, priority=priority, queue=queue)
        self.reference.insert(known, prepare)

    @rule(condition=st.sampled_from(Condition), policy=st.sampled_from(OnFailure))
    def enqueue_graph(self, condition, policy):
        """Make a diamond at once: the last one waits for two, and both for the first."""
        edges: list[list[int]] = [[], [0], [0], [1, 2]]
        ids = [Request(self.plain.pk).id for _ in edges]
        requests = [
            Request(
                self.plain.pk, id=pk, prerequisites=tuple(Awaited(ids[one], condition, policy) for one in above)
            )
            for pk, above in zip(ids, edges, strict=True)
        ]  # fmt: skip
        enqueue_many(requests, DB)
        for pk, above in zip(ids, edges, strict=True):
            self.reference.insert(made(pk, self.clock.now, {ids[one]: Edge(condition, policy) for one in above}))

    @rule(
        key=st.sampled_from(("a", "a", "b")),
        on_key=st.sampled_from((OnKey.RETURN, OnKey.RAISE, OnKey.REPLACE, OnKey.COLLAPSE)),
        delay=st.sampled_from(DELAYS),
    )
    def enqueue_key(self, key, on_key, delay):
        """Make a run with a key that another one may bear."""
        at = self.clock.now + delay
        request = Request(self.plain.pk, key=key, on_key=on_key, run_at=at)
        known = made(request.id, at, key=key, given=key)
        self.both(lambda: enqueue(request, DB).pk, lambda: self.reference.keyed(known, on_key), KeyTaken)

    @rule(one=ANY, two=ANY, condition=st.sampled_from(Condition), policy=st.sampled_from(OnFailure))
    def require(self, one, two, condition, policy):
        """Let a run that exists wait for another one."""
        pk, awaited = self.a_run(one), self.a_run(two)
        if pk is not None and awaited is not None:
            self.both(
                lambda: require([RunEdge(pk, awaited, condition, policy)], DB),
                lambda: self.reference.require(pk, awaited, Edge(condition, policy)),
                CycleFound, AlreadyStarted, PrerequisiteDiffers,
            )  # fmt: skip

    # Workers

    @rule(worker=st.integers(0, 1), limit=st.sampled_from((1, 2, 9)))
    def claim(self, worker, limit):
        """Claim for one of the workers."""
        me = self.workers[worker].pk
        got = claim(me, workers.open_queues(("*",), (), DB), limit, DB)
        wanted = self.reference.claim(me, [name for name in ("default", "limited") if name not in self.shut], limit)
        assert [each.id for each in got] == wanted, "others, or in another order"
        assert [each.attempt for each in got] == [self.reference.runs[pk].run.attempt for pk in wanted]
        self.claims += got

    def a_claim(self, at: int) -> Claim | None:
        """Return one of the claims that were ever given out, rather of a run that is RUNNING by whatever claim."""
        running = {each.pk for each in self.running()}
        found: Claim | None = self.some(sorted(self.claims, key=lambda one: one.id in running), at)
        return found

    @rule(at=ANY)
    def finish_done(self, at):
        """Say of a claim, however old, that its function has returned."""
        if (held := self.a_claim(at)) is not None:
            written = finish([Outcome.done(held, f"{held.fence}")], uuid.uuid4(), DB)
            assert written == self.wanted(held, self.reference.finish(held.id, held.fence, "done", result=held.fence))

    @rule(
        at=ANY,
        event=st.sampled_from(("error", "retry", "retry", "cancel", "reschedule", "release", "round")),
        delay=st.sampled_from(DELAYS),
    )
    def finish_otherwise(self, at, event, delay):
        """Say anything else of a claim, however old."""
        if (held := self.a_claim(at)) is None:
            return
        outcomes = {
            "error": Outcome.failed(held, FAILURE),
            "retry": Outcome.retry(held, FAILURE, delay),
            "cancel": Outcome.cancelled(held, "x"),
            "reschedule": Outcome.rescheduled(held, delay),
            "release": Outcome.released(held, "x"),
            "round": Outcome.next_round(held, delay),
        }
        written = finish([outcomes[event]], uuid.uuid4(), DB)
        if event == "round" and self.reference.followed(held.id, held.fence):
            assert written == {held.id}
            return
        delayed = delay if event in ("retry", "reschedule", "round") else None
        name = "reschedule" if event == "round" else event
        assert written == self.wanted(held, self.reference.finish(held.id, held.fence, name, delayed))

    @rule(at=ANY, event=st.sampled_from(("retry", "release", "reschedule")), worker=st.integers(0, 1))
    def pass_on(self, at, event, worker):
        """Give a run back, and claim what there is: most of what can go wrong begins with an old claim."""
        self.finish_otherwise(at, event, timedelta(0))
        self.claim(worker, 9)

    @staticmethod
    def wanted(held: Claim, is_written: bool) -> set[uuid.UUID]:
        """Return what ``finish`` should say."""
        return {held.id} if is_written else set()

    @rule(worker=st.integers(0, 1))
    def beat(self, worker):
        """Renew the lease of a worker, which learns what it holds and which of it should stop."""
        me = self.workers[worker]
        told = workers.beat(workers.Identity(me.pk, me.name, "host", 1, ("*",), (), 1), DB)
        self.beats[me.pk] = self.clock.now
        held = [each for each in self.running() if each.worker == me.pk]
        assert told.fences == {each.pk: each.run.fence for each in held}
        assert told.stop == {each.pk for each in held if each.run.asked}

    # What any worker does for all

    @rule(seconds=st.sampled_from((0, 31, 61)))
    def rescue(self, seconds):
        """Take runs back from workers that are silent, after a while."""
        self.wait(seconds)
        rescue(LEASE, 3, DB)
        self.reference.rescue(pk for pk, at in self.beats.items() if at < self.clock.now - LEASE)

    @rule(duty=st.sampled_from(("stage", "stage", "sweep", "fire")), seconds=st.sampled_from((0, 31, 30_000)))
    def duty(self, duty, seconds):
        """Queue what is due and let in whom the limit has slots for; look at its line; or make the runs of slots."""
        self.wait(seconds)
        if duty == "stage":
            stage(DB)
            self.reference.stage()
        elif duty == "sweep":
            admit.sweep(DB)
            self.reference.admit()
        else:
            self.fire()

    def fire(self):
        """Fire the schedule."""
        fire(DB)
        slots = self.reference.due_slots()
        found = TaskRun.objects.filter(scheduled_for__in=slots).values_list("scheduled_for", "pk")
        rows = {at: pk for at, pk in found if at is not None}
        assert sorted(rows) == slots, "a slot has no run"
        for slot in slots:
            self.reference.insert(made(rows[slot], slot, slot=slot))
        assert not slots or Task.objects.get(pk=self.schedule.pk).next_run_at == self.reference.next_slot

    @rule(state=st.sampled_from(sorted(FINAL)), age=st.sampled_from((0, 60, 20_000)))
    def prune(self, state, age):
        """Delete what ended long ago."""
        assert prune({state: timedelta(seconds=age)}, DB) == self.reference.prune(state, timedelta(seconds=age))

    # People

    @rule(at=ANY, verb=st.sampled_from(("cancel", "cancel", "abort", "skip", "prepared")))
    def verb(self, at, verb):
        """Do something to a run, in whatever state it is."""
        if (pk := self.a_run(at)) is not None:
            done = getattr(TaskRun.objects.get(pk=pk), verb)()
            assert done == (self.reference.cancel(pk) if verb == "cancel" else self.reference.verb(pk, verb))

    @rule(at=ANY, delay=st.sampled_from(DELAYS))
    def reschedule(self, at, delay):
        """Set another time for a run that waits."""
        if (pk := self.a_run(at)) is not None:
            when = self.clock.now + delay
            waits = (RunState.PENDING, RunState.QUEUED)
            done = TaskRun.objects.get(pk=pk).reschedule(when)
            known = self.reference.runs[pk]
            if known.run.state in waits:
                known.run_at = when
            assert done == self.reference.verb(pk, "reschedule", waits)

    @rule(at=ANY, is_retried=st.booleans())
    def again(self, at, is_retried):
        """Retry a run, whatever its state; or run again what is DONE, and give a result to what is FAILED."""
        known = self.reference.runs.get(self.a_run(at) or uuid.uuid4())
        if known is not None and is_retried:
            assert TaskRun.objects.get(pk=known.pk).retry() == self.reference.revive(known.pk, "retry")
        elif known is not None and known.run.state == RunState.DONE:
            self.both(
                lambda: bool(TaskRun.objects.get(pk=known.pk).fsm_event("rerun")),
                lambda: self.reference.revive(known.pk, "rerun") or self.refuse(),
                IllegalTransition,
            )
        elif known is not None and known.run.state == RunState.FAILED:
            TaskRun.objects.get(pk=known.pk).fsm_event("resolve", value="told")
            assert self.reference.verb(known.pk, "resolve", result="told")

    @staticmethod
    def refuse() -> bool:
        """Raise what a person is told whose run cannot have its key."""
        raise IllegalTransition("rerun", RunState.DONE, ())

    @rule(name=st.sampled_from(("default", "limited", "")), catches_up=st.booleans())
    def turn(self, name, catches_up):
        """Pause a queue, or the schedule; or resume it."""
        if self.shut:
            assert resume_queues(self.shut, DB).moved
            self.shut = set()
        elif name:
            assert pause_queues([name], DB, actor=Actor.system()).moved
            self.shut = {name}
        else:
            self.turn_schedule(Task.objects.filter(pk=self.schedule.pk), catches_up)

    def turn_schedule(self, rows, catches_up):
        """Pause the schedule, or resume it."""
        if self.reference.fires:
            self.reference.fires = False
            assert rows.pause().moved
        else:
            self.reference.resume(catches_up)
            assert rows.resume(catch_up=catches_up).moved
