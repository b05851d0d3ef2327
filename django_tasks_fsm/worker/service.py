"""One worker process: come, turn by turn do what there is, go."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django_tasks_fsm import conf
from django_tasks_fsm.dialects.base import CHANNEL
from django_tasks_fsm.store import workers
from django_tasks_fsm.store.peek import View, peek
from django_tasks_fsm.store.sync import sync
from django_tasks_fsm.store.workers import Beat
from django_tasks_fsm.worker.announcer import Announcer
from django_tasks_fsm.worker.condition import Condition
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.duties import Duties
from django_tasks_fsm.worker.going import Going
from django_tasks_fsm.worker.heart import Heart
from django_tasks_fsm.worker.identity import identity_of
from django_tasks_fsm.worker.lanes import Lanes
from django_tasks_fsm.worker.last_resort import LastResort
from django_tasks_fsm.worker.life import Life
from django_tasks_fsm.worker.lifecycle.touch import Touch
from django_tasks_fsm.worker.limits import Limits
from django_tasks_fsm.worker.narration import Narrator
from django_tasks_fsm.worker.outbox import Outbox
from django_tasks_fsm.worker.plugins import Plugins
from django_tasks_fsm.worker.steady_log import steady_log
from django_tasks_fsm.worker.stop import StopSwitch
from django_tasks_fsm.worker.trouble import OUTAGE, Trouble
from django_tasks_fsm.worker.wakeup import WakeUp

logger = logging.getLogger("django_tasks_fsm")

STALE_PREFETCH = 1.0
LAST_SIGNALS = 5.0
SHORT_SLEEP = 0.001
SOON = 0.1
"""Seconds for which a burst waits at most for what is not due yet."""
MOST_DOUBLINGS = 20


class Worker:
    """Run until the switch is thrown, or the work of a burst is done.

    ``leave`` ends the process; it is called where the loop does not come back to end by itself.
    """

    def __init__(
        self, config: WorkerConfig, switch: StopSwitch | None = None, leave: Callable[[int], None] | None = None
    ) -> None:
        self.config = config
        self.switch = switch or StopSwitch()
        self.identity = identity_of(config)
        self._wakeup = WakeUp(config.using, CHANNEL, self.identity.id, self._called)
        self._announcer = Announcer(inline=config.inline)
        narrator = Narrator(self.identity.id, self._announcer)
        self._cycle = Cycle(config, self.identity.id, Outbox(self._wakeup.event), narrator)
        self._lanes = Lanes(config.queues, config.excluded_queues, config.using)
        self._duties = Duties(config.using)
        self._condition = Condition(config, self._cycle, self._lanes.open, self._wakeup.set)
        seconds, vitals = conf.options().heartbeat, self._condition.vitals
        self._heart = Heart(self.identity, config.using, seconds, self._heard, config.heartbeat_file, vitals)
        self._touch = Touch(config, self._cycle)
        self._plugins = Plugins(() if config.inline else conf.options().plugins)
        self._limits = Limits(config, self.switch, self._cycle, self._announcer)
        self._trouble = Trouble(self._cycle, self._wakeup, self._duties, self.switch.wait)
        self._life = Life(config, self.identity.id, self._cycle)
        self._going = Going(config, self.switch, self._cycle, self._wakeup, self._guarded, self._life, self._touch)
        self._last_resort = LastResort(config, self.identity.id, self.switch, self._cycle, leave)
        self._looked_at = 0.0
        self._hungry = True
        self._in_vain = 0

    @property
    def finished(self) -> int:
        """Return how many runs this worker has executed."""
        return self._cycle.finished

    @property
    def leaves_functions(self) -> bool:
        """Tell whether functions may still be running whose runs were given back or given up."""
        return self._going.leaves_functions

    def run(self) -> int:
        """Work in the calling thread and return the exit code.

        That is 0, 1 when a second wish ended it at once, or AGAIN where its supervisor should start another one.
        """
        with steady_log():
            return self._run()

    def _run(self) -> int:
        code = 0
        try:
            self._start()
            while not (self.switch.asked or self._limits.are_reached() or self._condition.is_over()):
                self._guarded(self._step)
                if self.config.burst and self._is_drained():
                    break
            code = 0 if self.switch.asked else self._condition.code
            self._going.drain()
        finally:
            self._leave()
        return 1 if self.switch.at_once else code

    def _start(self) -> None:
        self.switch.on_ask(self._wakeup.set)
        self._condition.hear(workers.register(self.identity, self.config.using))
        self._announcer.start()
        self._cycle.scribe.start()
        if not self.config.inline:
            sync(self.config.using, only_new=True)
            self._wakeup.start()
            self._heart.start()
            self._plugins.start(self)
            self._last_resort.start()
        logger.info(
            "Worker %s (%s) ready: queues %s, %d at once, database %r.",
            self.identity.name,
            self.identity.id,
            ",".join(self.config.queues),
            self.config.concurrency,
            self.config.using,
        )

    def _guarded(self, step: Callable[[], None]) -> None:
        if self.config.inline:
            step()
        else:
            self._trouble.guard(step)

    def _step(self) -> None:
        if self._heart.silence > conf.options().lease_seconds / 2 and not self.config.inline:
            # Stopped for a while (a suspended laptop, SIGSTOP): a claim now would belong to a worker counted as lost.
            self._heart.beat()
        self._condition.obey()
        if not self._condition.is_paused and not self._life.has_fired("start"):
            self._life.fire("start")
        if (self._hungry or self._cycle.waiting) and any(self._cycle.turn(self._lanes.open(), self._room())):
            self._in_vain = 0
            if time.monotonic() - self._looked_at >= self.config.interval:
                self._look()
            return
        self._rest()

    def _room(self) -> int | None:
        return self._condition.room(self._limits.room())

    def _rest(self) -> None:
        """Look once, in one statement, and sleep until there is, or may be, something to do."""
        view = self._look()
        if view.ready and self._cycle.has_room(self._room()):
            # Ready, and yet the turn brought nothing: another worker is just taking it, or the queue is new here.
            # Asked again ever more seldom: the row may be locked for as long as somebody keeps a transaction open.
            self._lanes.forget()
            self._hungry = True
            self._wakeup.sleep(min(self.config.interval, SHORT_SLEEP * 2**self._in_vain, *self._again()))
            self._in_vain = min(self._in_vain + 1, MOST_DOUBLINGS)
            return
        if self.config.burst and not (self._cycle.hand.ordinary or self._again() or self._condition.is_paused):
            return
        ahead = [seconds for seconds in (view.due_in, view.fires_in, self._duties.again_in) if seconds is not None]
        # Overdue, and the duties brought nothing: the rows are locked, as above.
        self._in_vain = min(self._in_vain + 1, MOST_DOUBLINGS) if min(ahead, default=1.0) <= 0 else 0
        shortest = min(self.config.interval, SHORT_SLEEP * 2 ** max(0, self._in_vain - 1))
        longest = max(shortest, min([self.config.interval, *ahead, *self._again()]))
        self._hungry = self._wakeup.sleep(longest)

    def _again(self) -> list[float]:
        # Seconds until outcomes whose rows were locked are offered again.
        return [] if self._cycle.again_in is None else [self._cycle.again_in]

    def _look(self) -> View:
        """Do the duties and return what is to be done now."""
        self._looked_at = time.monotonic()
        self._wakeup.notice()
        self._duties.regular()
        self._cycle.give_up_overdue()
        if self._cycle.hand.oldest_unstarted() > STALE_PREFETCH:
            self._cycle.release_unstarted("prefetched, but every slot is taken for longer")
        self._condition.look()
        self._touch.look()
        view = peek(self.config.queues, self.config.excluded_queues, self.config.using)
        if self._duties.due(view):
            view = peek(self.config.queues, self.config.excluded_queues, self.config.using)
        return view

    def _is_drained(self) -> bool:
        if self._cycle.hand.ordinary or self._cycle.waiting or self._again():
            return False
        if self._cycle.is_blocked:
            return True  # there may be more, but nothing here to run it with
        view = self._look()
        # A run that reschedules itself at once is due at once too, but for the time by which it is slowed down.
        soon = min(conf.options().min_interval, SOON)
        overdue = [seconds for seconds in (view.due_in, view.fires_in) if seconds is not None and seconds <= soon]
        return not view.ready and not overdue

    def _called(self) -> None:
        if len(self._cycle.hand):
            self._heart.look_soon()

    def _heard(self, beat: Beat, since: float) -> None:
        for job, reason in self._cycle.hand.to_stop(beat, since):
            if not (beat.is_look and job.context.stop_reason):  # it has been told; the next heartbeat tells it again
                self._cycle.interrupt(job, reason)
        if beat.is_look:
            return  # two of them may fall between the commit of a claim and its arrival
        self._condition.hear(beat.wishes)
        for run_id, fence in self._cycle.hand.strays(beat):
            self._cycle.release_stray(run_id, fence)

    def _leave(self) -> None:
        self._plugins.stop()
        self._cycle.stop()
        self._heart.stop()
        self._announcer.stop(LAST_SIGNALS)
        if not self.config.inline:
            self._wakeup.stop()
        try:
            workers.leave(self.identity.id, self.config.using)
        except OUTAGE as error:
            logger.error("Could not say goodbye to the database: %s", error)
        self._last_resort.stop()
        logger.info("Worker %s has stopped; %d runs finished.", self.identity.name, self.finished)
