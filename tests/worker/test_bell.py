from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from django_tasks_fsm.worker.bell import Bell

# A signal handler runs between any two lines of the interrupted thread; here it runs between all of them.
RUNG_AT_EVERY_LINE = """
import sys, threading
from django_tasks_fsm.worker.bell import Bell
bell = {bell}
def between_lines(frame, event, argument):
    frame.f_trace_lines = True
    bell.set()
    return between_lines
sys.settrace(between_lines)
for _ in range(3):
    bell.wait(0.001)
    bell.clear()
"""


def test_a_ring_before_the_wait_is_not_lost():
    bell = Bell()
    bell.set()
    assert bell.wait(0)


def test_it_stays_rung_until_it_is_cleared():
    bell = Bell()
    bell.set()
    assert bell.wait(0)
    assert bell.wait(0)
    bell.clear()
    assert not bell.wait(0)


def test_a_ring_from_another_thread_ends_the_wait():
    bell = Bell()
    waiting = threading.Thread(target=bell.wait, args=(300,), daemon=True)
    waiting.start()
    threading.Timer(0.02, bell.set).start()
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_thousand_rings_are_one():
    bell = Bell()
    for _ in range(1000):
        bell.set()
    bell.clear()
    assert not bell.wait(0)


def rung_at_every_line(bell, seconds=60.0):
    subprocess.run([sys.executable, "-c", RUNG_AT_EVERY_LINE.format(bell=bell)], check=True, timeout=seconds)


def test_a_signal_handler_may_ring_it_at_any_moment():
    rung_at_every_line("Bell()")


def test_an_event_deadlocks_there_which_is_why_there_are_bells():
    with pytest.raises((subprocess.TimeoutExpired, subprocess.CalledProcessError)):
        rung_at_every_line("threading.Event()", seconds=1.0)
