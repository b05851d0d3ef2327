"""The supervisor with processes that only exist here."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from django_tasks_fsm.worker import supervisor
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.recycling import AGAIN
from django_tasks_fsm.worker.stop import StopSwitch
from django_tasks_fsm.worker.supervisor import PARENT, SUCCEEDS, Supervisor


class Process:
    """A child that ends with a code when the test says so, or by a signal when it is told."""

    def __init__(self, command, **how):
        self.command, self.how = command, how
        self.signals = []
        self.code = None

    def poll(self):
        return self.code

    def wait(self):
        return self.code

    def send_signal(self, number):
        self.signals.append(number)
        self.code = 0


@pytest.fixture
def processes(monkeypatch):
    """Give the list of processes that were made."""
    made = []

    def make(command, **how):
        made.append(Process(command, **how))
        return made[-1]

    monkeypatch.setattr(subprocess, "Popen", make)
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.0)
    return made


class DirectedSwitch(StopSwitch):
    """What happens at each look, in this order."""

    def __init__(self):
        super().__init__()
        self.looks = []


@pytest.fixture
def switch(monkeypatch):
    """Give a switch that is thrown by the test's own ``looks`` instead of by time."""
    switch = DirectedSwitch()

    def look(seconds):
        if switch.looks:
            switch.looks.pop(0)()
        elif not switch.asked:
            switch.ask("the test ends")

    monkeypatch.setattr(switch, "wait", look)
    return switch


def roof(switch, count=2, **config):
    return Supervisor(WorkerConfig(name="roof", **config), count, switch, verbosity=2)


def test_each_child_has_a_name_and_knows_its_supervisor(processes, switch):
    assert roof(switch, queues=("a", "b"), max_tasks=5, heartbeat_file="/run/alive").run() == 0
    assert len(processes) == 2
    for number, process in enumerate(processes, start=1):
        flags = process.command[process.command.index("django") + 1 :]
        assert flags[:4] == ["tasks_fsm", "--verbosity=2", "worker", "--no-reload"]
        assert {f"--name=roof/{number}", "--queues=a,b", "--max-tasks=5", f"--heartbeat-file=/run/alive.{number}"} <= {
            *flags
        }
        assert process.how["env"][PARENT].isdecimal()
        assert process.how["start_new_session"]


def test_a_wish_is_passed_on_once(processes, switch):
    roof(switch).run()
    assert [process.signals for process in processes] == [[signal.SIGTERM]] * 2


def test_a_child_that_crashed_is_replaced_and_one_that_is_done_is_not(processes, switch):
    under = roof(switch, burst=True)

    def end():
        processes[0].code, processes[1].code = 0, 3

    switch.looks = [end, lambda: None, lambda: None]
    under.run()
    assert len(processes) == 3
    assert "--name=roof/2" in processes[2].command


def test_a_child_that_makes_room_is_replaced_at_once_and_its_successor_told(monkeypatch, processes, switch):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 30.0)
    under = roof(switch, count=1, max_tasks=1, reserve=((50, 1),), queue_concurrency=(("reports", 2),), paused=True)
    switch.looks = [lambda: setattr(processes[0], "code", AGAIN), lambda: None, lambda: None]
    assert under.run() == 0
    assert [process.how["env"][SUCCEEDS] for process in processes] == ["", "yes"]
    assert {"--reserve=50=1", "--queue-concurrency=reports=2", "--paused"} <= set(processes[1].command)


def test_a_child_that_makes_room_while_all_stop_is_no_failure(monkeypatch, processes, switch):
    monkeypatch.setattr(Process, "send_signal", lambda self, number: setattr(self, "code", AGAIN))
    assert roof(switch).run() == 0
    assert len(processes) == 2


def test_a_signal_that_comes_while_a_process_is_made_reaches_it(monkeypatch, processes, switch):
    make = subprocess.Popen

    def interrupted(command, **how):
        process = make(command, **how)
        switch.ask("signal SIGTERM")
        return process

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    assert roof(switch).run() == 0
    assert [process.signals for process in processes] == [[signal.SIGTERM]]


def test_a_child_told_before_it_could_listen_is_no_failure(monkeypatch, processes, switch):
    monkeypatch.setattr(Process, "send_signal", lambda self, number: setattr(self, "code", -number))
    assert roof(switch).run() == 0


def test_the_worst_code_of_the_children_is_the_supervisor_s(monkeypatch, processes, switch):
    monkeypatch.setattr(Process, "send_signal", lambda self, number: setattr(self, "code", processes.index(self)))
    assert roof(switch).run() == 1


def test_a_child_that_keeps_crashing_is_started_ever_more_seldom(monkeypatch, processes, switch, caplog):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.5)
    now = [time.monotonic() + 1]
    monkeypatch.setattr("django_tasks_fsm.worker.supervisor.time.monotonic", lambda: now[0])

    def crash():
        now[0] += supervisor.LONGEST_PAUSE
        processes[-1].code = 2

    switch.looks = [crash] * 14
    roof(switch, count=1).run()
    pauses = [record.getMessage().rpartition(" in ")[2] for record in caplog.records]
    assert pauses == ["1.0 s.", "2.0 s.", "4.0 s.", "8.0 s.", "16.0 s.", "30.0 s.", "30.0 s."]
