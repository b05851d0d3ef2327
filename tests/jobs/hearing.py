"""A listener in the worker's process: it writes down every signal of runs where TESTS_HEARD says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

from django_tasks_fsm import signals
from tests.jobs import trail

HEARD = os.environ.get("TESTS_HEARD", "")


def listener(name: str, tell: Callable[[str], None]) -> Callable[..., None]:
    """Return a receiver that tells each row of a signal as JSON."""

    def receive(sender: Any, moved: Sequence[Any], **kwargs: Any) -> None:
        for one in moved:
            told = [str(one.pk), one.event, one.from_state, one.to_state, one.attempt, one.actor]
            tell(json.dumps([name, *told]))

    return receive


if HEARD:
    for word, signal in (("moved", signals.runs_moved), ("event", signals.run_events)):
        signal.connect(listener(word, lambda line: trail.leave(HEARD, line)), weak=False)
