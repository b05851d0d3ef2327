"""The audit as a graph of runs: damage fails one of them and holds the report back until it is repaired."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db.models import F
from django.utils import timezone

from audit import tasks, verification
from audit.graphs import runs_of
from audit.inventory import inventory
from audit.phase import Phase
from audit.standing import Standing, read
from django_tasks_fsm import context
from django_tasks_fsm.models import Task, TaskRun

if TYPE_CHECKING:
    from tests.audit.conftest import Burst
    from tests.audit.scratch import ScratchEnvironment

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(sample: ScratchEnvironment) -> ScratchEnvironment:
    """Give an environment with two intact distributions."""
    sample.install("other", {"other.py": b"pass\n"})
    return sample


@pytest.fixture
def start(pair: ScratchEnvironment) -> Callable[[], UUID]:
    """Give ``start()``, which enqueues an audit of the pair and returns its id."""
    return lambda: UUID(tasks.discover.enqueue(path=[pair.location]).id)


def standing(graph: UUID) -> Standing:
    found = read(graph)
    assert found
    return found


def states(graph: UUID) -> dict[str, str]:
    """Return the state of each step; verifications bear the name of their distribution."""
    found = standing(graph)
    assert found.discovery
    assert found.report
    verified = {name: run.state for name, run in found.verifications.items()}
    return {"discover": found.discovery.state, **verified, "report": found.report.state}


def test_intact_environment_is_summed_up(start: Callable[[], UUID], burst: Burst) -> None:
    graph = start()

    burst()

    found = standing(graph)
    assert found.phase is Phase.DONE
    assert found.report
    assert found.report.result == found.summary
    assert (found.summary["totals"]["intact"], found.summary["totals"]["files_checked"]) == (2, 9)
    assert found.discovery
    assert found.discovery.result == {"distributions": 2, "shadowed": []}


def test_verifications_bear_the_names_of_their_distributions(start: Callable[[], UUID], burst: Burst) -> None:
    graph = start()

    burst()

    verifications = TaskRun.objects.filter(graph=graph, task__function=tasks.verify.module_path)
    assert len(verifications) == 2
    assert [run.label for run in verifications] == [run.kwargs["name"] for run in verifications]


def test_damage_fails_its_verification_and_holds_the_report(
    start: Callable[[], UUID], burst: Burst, pair: ScratchEnvironment
) -> None:
    pair.write("sample/core.py", b"answer = 43\n")
    graph = start()

    burst()

    assert states(graph) == {"discover": "DONE", "other": "DONE", "sample": "FAILED", "report": "PENDING"}
    failed = standing(graph).verifications["sample"]
    assert failed.error.startswith("audit.report.DamageFound: sample 1.0 is damaged: changed sample/core.py")
    assert failed.attempt == 1
    assert standing(graph).phase is Phase.BLOCKED


def test_repair_and_retry_finish_the_graph(start: Callable[[], UUID], burst: Burst, pair: ScratchEnvironment) -> None:
    pair.write("sample/core.py", b"answer = 43\n")
    graph = start()
    burst()
    pair.write("sample/core.py", b"answer = 42\n")

    assert standing(graph).verifications["sample"].retry()
    burst()

    assert set(states(graph).values()) == {"DONE"}
    assert standing(graph).summary["totals"]["intact"] == 2


def test_retry_without_repair_fails_again(start: Callable[[], UUID], burst: Burst, pair: ScratchEnvironment) -> None:
    (pair.site / "other.py").unlink()
    graph = start()
    burst()

    standing(graph).verifications["other"].retry()
    burst()

    assert states(graph)["other"] == "FAILED"
    assert standing(graph).phase is Phase.BLOCKED


def test_rerun_of_the_discovery_repeats_the_audit_and_doubles_nothing(start: Callable[[], UUID], burst: Burst) -> None:
    graph = start()
    burst()
    before = set(runs_of([graph]).values_list("pk", flat=True))

    plan = TaskRun.objects.get(pk=graph).rerun(reason="the machine has been set up anew")

    assert [number for _, event, number in plan.counts() if event == "rerun"] == [1, 2, 1]
    assert {step.run for step in plan.steps} == before
    assert states(graph) == {"discover": "QUEUED", "other": "PENDING", "sample": "PENDING", "report": "PENDING"}
    burst()
    assert set(states(graph).values()) == {"DONE"}
    assert set(runs_of([graph]).values_list("pk", flat=True)) == before


def test_rerun_of_the_discovery_adds_what_was_installed_since_and_the_report_waits_for_it(
    start: Callable[[], UUID], burst: Burst, pair: ScratchEnvironment
) -> None:
    graph = start()
    burst()
    pair.install("third", {"third.py": b"pass\n"})
    TaskRun.objects.get(pk=graph).rerun()
    burst()
    assert set(states(graph).values()) == {"DONE"}
    assert standing(graph).summary["totals"]["intact"] == 3


def test_rerun_of_the_discovery_tells_what_is_no_longer_installed(
    start: Callable[[], UUID], burst: Burst, pair: ScratchEnvironment
) -> None:
    graph = start()
    burst()
    (pair.site / "other.py").unlink()
    shutil.rmtree(pair.site / "other-1.0.dist-info")
    TaskRun.objects.get(pk=graph).rerun()
    burst()
    assert set(states(graph).values()) == {"DONE"}
    (gone,) = standing(graph).summary["unverifiable"]
    assert (gone["name"], "no longer installed" in gone["text"]) == ("other", True)


def test_attempt_after_a_crash_makes_no_second_runs(
    start: Callable[[], UUID], burst: Burst, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = start()
    with monkeypatch.context() as crash:
        crash.setattr(tasks, "Discovery", _raise_crash)
        burst("--max-tasks=1")
    before = set(runs_of([graph]).values_list("pk", flat=True))

    TaskRun.objects.filter(pk=graph).reschedule(timezone.now())
    burst()

    found = standing(graph)
    assert found.discovery
    assert (found.discovery.attempt, found.phase) == (2, Phase.DONE)
    assert {run.pk for run in found.runs} == before
    assert len(before) == 4


def test_attempt_that_has_lost_its_run_makes_no_runs(
    start: Callable[[], UUID], burst: Burst, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(path: Any) -> Any:
        TaskRun.objects.filter(pk=graph).update(fence=F("fence") + 1, graph=graph)
        return listed(path)

    graph, listed = start(), inventory
    monkeypatch.setattr(tasks, "inventory", slow)

    burst("--max-tasks=1")

    assert [run.pk for run in runs_of([graph])] == [graph]


def test_cancelled_verification_holds_the_report_until_it_is_retried(
    start: Callable[[], UUID], burst: Burst, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(name: str, *args: Any, **options: Any) -> Any:
        if name == "other":
            standing(graph).verifications[name].cancel()
        return compare(name, *args, **options)

    graph, compare = start(), verification.verify
    with monkeypatch.context() as person:
        person.setattr(verification, "verify", cancelled)
        person.setattr(context, "LOOK_EVERY", 0.0)
        burst()
    assert states(graph) == {"discover": "DONE", "other": "CANCELLED", "sample": "DONE", "report": "PENDING"}

    standing(graph).verifications["other"].retry()
    burst()

    assert standing(graph).phase is Phase.DONE


def test_path_that_is_no_directory_fails_at_once(burst: Burst) -> None:
    graph = UUID(tasks.discover.enqueue(path=["/nowhere"]).id)

    burst()

    found = standing(graph)
    assert found.phase is Phase.FAILED
    assert found.discovery
    assert "'/nowhere' is not a directory. Name the site-packages" in found.error_of(found.discovery)


def test_empty_environment_is_reported_at_once(scratch_environment: ScratchEnvironment, burst: Burst) -> None:
    graph = UUID(tasks.discover.enqueue(path=[scratch_environment.location]).id)

    burst()

    assert standing(graph).summary["totals"]["distributions"] == 0


def test_result_that_a_person_gave_is_no_report(start: Callable[[], UUID], burst: Burst) -> None:
    graph = start()
    burst("--max-tasks=3")
    TaskRun.objects.filter(pk=standing(graph).verifications["other"].pk).update(result="looked at by hand")

    burst()

    assert standing(graph).summary["totals"]["failed"] == 1


def test_nightly_schedule_is_declared_and_runs_on_demand(burst: Burst, monkeypatch: pytest.MonkeyPatch) -> None:
    nightly = Task.objects.get(name=tasks.NIGHTLY)
    monkeypatch.setattr(tasks, "inventory", lambda path: [])

    run = nightly.start()
    burst()

    assert (nightly.trigger["expression"], nightly.trigger["timezone"]) == ("15 3 * * *", "UTC")
    assert standing(run.pk).phase is Phase.DONE


@pytest.mark.django_db(transaction=True)
def test_four_threads_verify_a_graph(
    start: Callable[[], UUID], burst: Burst, scratch_environment: ScratchEnvironment
) -> None:
    for number in range(20):
        scratch_environment.install(f"made_{number}", {f"made_{number}/{name}.py": b"pass\n" for name in range(9)})
    graph = start()

    burst("--concurrency=4")

    assert standing(graph).summary["totals"]["intact"] == 22
    assert standing(graph).phase is Phase.DONE


def _raise_crash(**_: Any) -> Any:
    raise RuntimeError("the process died here")
