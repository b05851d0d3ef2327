from __future__ import annotations

import os
import signal
import threading

from django_tasks_fsm.cli.signals import stop_on_signals
from django_tasks_fsm.worker.stop import StopSwitch


def test_the_first_wish_asks_and_the_second_insists():
    switch = StopSwitch()
    assert (switch.asked, switch.at_once) == (False, False)
    switch.ask("once")
    assert (switch.asked, switch.at_once) == (True, False)
    switch.ask("twice")
    assert (switch.asked, switch.at_once) == (True, True)


def test_the_first_reason_is_kept():
    switch = StopSwitch()
    switch.ask("because")
    switch.ask("hurry")
    assert switch.reason == "because"


def test_now_needs_no_second_wish():
    switch = StopSwitch()
    switch.ask("at once", now=True)
    assert switch.at_once


def test_a_wish_ends_the_wait():
    switch = StopSwitch()
    waiting = threading.Thread(target=switch.wait, args=(300,), daemon=True)
    waiting.start()
    switch.ask("go")
    waiting.join(30)
    assert not waiting.is_alive()


def test_every_wish_is_passed_on():
    switch, heard = StopSwitch(), []
    switch.on_ask(lambda: heard.append(switch.at_once))
    switch.ask("one")
    switch.ask("two")
    assert heard == [False, True]


def test_signals_are_wishes_and_handlers_come_back():
    former = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    switch = StopSwitch()
    with stop_on_signals(switch):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert switch.at_once
    assert switch.reason == "signal SIGINT"
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == former


def test_the_grace_counts_from_the_first_wish(monkeypatch):
    moments = iter([100.0, 105.0, 109.0])
    monkeypatch.setattr("django_tasks_fsm.worker.stop.time.monotonic", lambda: next(moments))
    switch = StopSwitch()
    assert switch.deadline(30) == 130.0
    switch.ask("please")
    switch.ask("now")
    assert switch.deadline(30) == 135.0
