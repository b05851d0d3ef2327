"""The protocol of a run: workers that claim, beat, finish, release, crash and start again; a rescuer; a person.

One step is what one statement, or one transaction under a lock, does. Time is only how old heartbeats are, so that the
model is finite although the clock is not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from django_tasks_fsm.core.states import FINAL, RunState
from tests.protocol.life import Rules, Run, claimed, ended, lost, moved
from tests.protocol.people import People
from tests.protocol.search import Found, Step, search
from tests.protocol.world import (
    GRAVE,
    HOLDS,
    IDLE,
    LEASE,
    OFF,
    PICKED,
    STOPPED,
    Rescuer,
    Worker,
    World,
    aged,
    alike,
    name,
    who,
    with_run,
    with_worker,
)

OUTCOMES = ("done", "retry", "cancel", "reschedule", "release")
LAST_OUTCOMES = ("done", "error", "cancel", "reschedule", "release")
RELEASE_GUARDS = ("finish compares the fence", "release compares the fence")
FENCE_GUARDS = ("a claim raises the fence", "fence is never reset", "the fence is a number of its own")
STUCK = "the run can never end"
"""What breaks where no way leads to an end although all faults have ceased."""


RULES = Rules()


class RunProtocol:
    """The protocol with these rules."""

    def __init__(self, rules: Rules = RULES, workers: int = 2, runs: int = 1, has_people: bool = True) -> None:
        self.rules = rules
        self._people = People(rules) if has_people else None
        first = Run(RunState.PREPARE) if runs == 1 else Run(RunState.PENDING)
        self.start = World((first,) * runs, (Worker(),) * workers, (0,) * runs)
        self._raw = not all(map(rules.has, FENCE_GUARDS))

    def check(self) -> Found:
        """Visit every state."""
        return search(self.start, self.steps, self._is_over, STUCK, self._alike)

    @staticmethod
    def _is_over(world: World) -> bool:
        return all(run.state in FINAL for run in world.runs)

    def steps(self, world: World) -> Iterator[Step[World]]:
        """Give every step that can be next."""
        yield from self._clock(world)
        for at in range(len(world.workers)):
            yield from self._worker(world, at)
        yield from self._rescue(world)
        for at, run in enumerate(world.runs):
            yield from self._engine(world, at, run)
            if self._people is not None:
                yield from self._people.steps(world, at, run)

    # Time and what happens by itself

    def _clock(self, world: World) -> Iterator[Step[World]]:
        # A worker that lives beats in time: that it does not is a fault.
        owners = {run.owner for run in world.runs}
        lives = all(each.at == OFF or each.age < LEASE or me not in owners for me, each in enumerate(world.workers))
        for label, by, is_fair in (("time passes", 1, lives), ("the clock jumps back", -1, False)):
            workers = tuple([each._replace(age=aged(each.age, by)) for each in world.workers])
            after = world._replace(workers=workers, graves=tuple([aged(age, by) for age in world.graves]))
            if after != world:
                yield Step(label, after, is_fair=is_fair)

    def _engine(self, world: World, at: int, run: Run) -> Iterator[Step[World]]:
        for event in ("prepared", "queue"):
            if (after := moved(self.rules, run, event)) is not None:
                yield self._put(world, at, after, f"{name(world, at)}: {event}")

    # Workers

    def _worker(self, world: World, me: int) -> Iterator[Step[World]]:
        worker = world.workers[me]
        if worker.at == OFF:
            yield self._started(world, me)
            return
        if worker.age and not self._is_locked(world, me):
            rescuer = world.rescuer
            if rescuer is not None and rescuer.target == me:
                rescuer = rescuer._replace(beaten=True)
            yield Step(f"w{me} beats", with_worker(world, me, worker._replace(age=0))._replace(rescuer=rescuer))
        if worker.at == IDLE:
            yield from self._claims(world, me)
        elif worker.at == PICKED:
            yield self._claim(world, me, worker.run)
        else:
            yield from self._finishes(world, me)
        yield from self._strays(world, me)
        if worker.at == HOLDS or self._owns(world, me):
            yield Step(f"w{me} is killed", with_worker(world, me, Worker(age=worker.age)), is_fair=False)
            yield Step(f"w{me} stops with what it holds", with_worker(world, me, Worker(age=STOPPED)), is_fair=False)

    def _is_locked(self, world: World, me: int) -> bool:
        rescuer = world.rescuer
        return (
            self.rules.has("rescue locks the worker's row")
            and rescuer is not None
            and rescuer.has_locked
            and rescuer.target == me
        )

    @staticmethod
    def _owns(world: World, me: int) -> bool:
        return any(run.owner == me for run in world.runs)

    def _started(self, world: World, me: int) -> Step[World]:
        after = with_worker(world, me, Worker(IDLE))
        if not self.rules.has("a worker has a new id at each start"):
            return Step(f"w{me} starts", after)
        age = world.workers[me].age
        runs, graves = list(world.runs), list(world.graves)
        for at, run in enumerate(runs):
            if run.owner == me:
                runs[at], graves[at] = run._replace(owner=GRAVE + at), age
        rescuer = world.rescuer
        if rescuer is not None and rescuer.target == me:
            # What it took for lost is the row of the former process.
            held = [at for at, run in enumerate(world.runs) if run.owner == me]
            rescuer = rescuer._replace(target=GRAVE + held[0]) if held else None
        return Step(f"w{me} starts", after._replace(runs=tuple(runs), graves=tuple(graves), rescuer=rescuer))

    def _claims(self, world: World, me: int) -> Iterator[Step[World]]:
        for at, run in enumerate(world.runs):
            if run.state != RunState.QUEUED:
                continue
            if not self.rules.has("claim picks and takes under one lock"):
                picked = world.workers[me]._replace(at=PICKED, run=at)
                yield Step(f"w{me} picks {name(world, at)}", with_worker(world, me, picked))
                continue
            claim = self._claim(world, me, at)
            yield claim
            # Committed, and the connection broke before the answer came: it holds a run that it knows nothing of.
            unheard = claim.after.runs[at]._replace(begun=False)
            after = with_worker(with_run(claim.after, at, unheard), me, world.workers[me])
            yield Step(f"{claim.label}, and is not told", after, claim.breaks, is_fair=False)

    def _claim(self, world: World, me: int, at: int) -> Step[World]:
        run, age = world.runs[at], world.workers[me].age
        breaks = self._wrong_claim(world, run)
        taken = claimed(self.rules, run, me) or run._replace(claim=run.claim + 1)
        if taken.charged != taken.attempt:
            breaks = breaks or f"attempt {taken.attempt} is what the row says of attempt {taken.charged}"
        if taken.attempt >= self.rules.max_attempts + self.rules.max_losses:
            breaks = breaks or "a crash loop goes on"
        held = Worker(HOLDS, at, taken.fence, taken.attempt, taken.claim, 0 if self._owns(world, me) else age)
        label = f"w{me} claims {name(world, at)} (fence {taken.fence}, attempt {taken.attempt})"
        return Step(label, with_worker(with_run(world, at, taken), me, held), breaks)

    def _wrong_claim(self, world: World, run: Run) -> str:
        if run.state != RunState.QUEUED:
            return f"a run that was {run.state} is claimed"
        if run.asked:
            return "a run that was asked to stop begins again"
        return ""

    def _finishes(self, world: World, me: int) -> Iterator[Step[World]]:
        worker = world.workers[me]
        run = world.runs[worker.run]
        then = [Worker(IDLE, age=worker.age)]
        if not self.rules.has("of one claim a worker writes one outcome"):
            then.append(worker)
        outcomes = LAST_OUTCOMES if worker.attempt >= self.rules.max_attempts else OUTCOMES
        written = {event: self._accepted(run, worker, event) for event in outcomes}
        if None in written.values():
            yield Step(f"w{me} writes an outcome: 0 rows, dropped", with_worker(world, me, then[0]))
        breaks = self._wrong_write(run, worker)
        for event, after in written.items():
            if after is not None:
                label = f"w{me} writes {event} (fence {worker.fence})"
                for each in then:
                    yield Step(label, with_worker(with_run(world, worker.run, after), me, each), breaks)

    def _accepted(self, run: Run, worker: Worker, event: str) -> Run | None:
        if self.rules.has(RELEASE_GUARDS[event == "release"]) and run.fence != worker.fence:
            return None
        if self.rules.has("outcomes change RUNNING runs only") and run.state != RunState.RUNNING:
            return None
        return ended(self.rules, run, event)

    @staticmethod
    def _wrong_write(run: Run, worker: Worker) -> str:
        if run.claim != worker.claim:
            return "a worker writes over a later claim"
        if run.state != RunState.RUNNING:
            return "a worker writes to a run that was taken back"
        return ""

    def _strays(self, world: World, me: int) -> Iterator[Step[World]]:
        worker = world.workers[me]
        if not self.rules.has("a worker gives back what it does not know of"):
            return
        for at, run in enumerate(world.runs):
            is_held = worker.at == HOLDS and worker.run == at and worker.fence == run.fence
            if run.owner != me or is_held or run.state != RunState.RUNNING:
                continue
            if (after := ended(self.rules, run, "release")) is not None:
                breaks = "a crash costs nothing, so a crash loop goes on" if run.begun else ""
                label = f"w{me} gives {name(world, at)} back, of which it does not know"
                yield self._put(world, at, after, label, breaks)

    # The rescuer

    def _rescue(self, world: World) -> Iterator[Step[World]]:
        rescuer = world.rescuer
        if rescuer is None:
            for owner in sorted({run.owner for run in world.runs if run.state == RunState.RUNNING}):
                if self._age(world, owner) > LEASE and self.rules.has("somebody rescues"):
                    yield Step(f"a rescuer finds {who(owner)} silent", world._replace(rescuer=Rescuer(owner)))
        elif not rescuer.has_locked:
            yield self._looks_again(world, rescuer)
        else:
            yield self._takes_back(world, rescuer)

    @staticmethod
    def _age(world: World, owner: int) -> int:
        return world.graves[owner - GRAVE] if owner >= GRAVE else world.workers[owner].age

    def _looks_again(self, world: World, rescuer: Rescuer) -> Step[World]:
        looks = self.rules.has("rescue looks at the lease again")
        if looks and self._age(world, rescuer.target) <= LEASE:
            return Step(f"the rescuer sees that {who(rescuer.target)} lives", world._replace(rescuer=None))
        seen = tuple((at, run.fence) for at, run in enumerate(world.runs) if run.owner == rescuer.target)
        beaten = rescuer.beaten and not looks
        then = Rescuer(rescuer.target, True, seen, beaten) if seen else None
        return Step(f"the rescuer reads what {who(rescuer.target)} holds", world._replace(rescuer=then))

    def _takes_back(self, world: World, rescuer: Rescuer) -> Step[World]:
        (at, fence), *others = rescuer.seen
        run = world.runs[at]
        done = world._replace(rescuer=rescuer._replace(seen=tuple(others)) if others else None)
        is_mine = not self.rules.has("rescue compares the fence") or run.fence == fence
        after = lost(self.rules, run) if is_mine and run.state == RunState.RUNNING else None
        if after is None:
            return Step("the rescuer takes back: 0 rows", done)
        breaks = ""
        if run.fence != fence:
            breaks = "a rescuer takes a run from a worker that nobody took for lost"
        elif rescuer.beaten:
            breaks = "a rescuer takes a run from a worker that lives"
        elif after.losses > self.rules.max_losses:
            breaks = "a crash loop goes on"
        return self._put(done, at, after, f"the rescuer takes {name(world, at)} back (fence {fence})", breaks)

    # How it is written

    def _put(self, world: World, at: int, run: Run, label: str, breaks: str = "", is_fair: bool = True) -> Step[World]:
        return Step(label, with_run(world, at, run), breaks, is_fair)

    def _alike(self, world: World) -> Hashable:
        return alike(world, self._raw)
