"""The page tells how an audit stands while it runs, when it is blocked and when it is done, to whom may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import tasks, verification
from django_tasks_fsm.models import Task, TaskRun, Transition

if TYPE_CHECKING:
    from tests.audit.conftest import Burst
    from tests.audit.scratch import ScratchEnvironment

pytestmark = pytest.mark.django_db
START = "/audit/start/"


@pytest.fixture
def log_in() -> Callable[..., Client]:
    """Give ``log_in(*permissions, **client_options)``: the client of a user who has these permissions."""

    def log_in(*permissions: str, **options: Any) -> Client:
        user = User.objects.create_user("ada")
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client(**options)
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def viewer(log_in: Callable[..., Client]) -> Client:
    """Give the client of a user who may see runs."""
    return log_in("view_taskrun")


@pytest.fixture
def start(sample: ScratchEnvironment) -> Callable[[], str]:
    """Give ``start()``, which enqueues an audit of the sample and returns the address of its page."""
    return lambda: reverse("audit:one", args=[tasks.discover.enqueue(path=[sample.location]).id])


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_visitor_is_sent_to_the_login(start: Callable[[], str]) -> None:
    for address in ("/", start()):
        assert Client().get(address)["Location"] == f"/admin/login/?next={address}"
    assert Client().post(START)["Location"].startswith("/admin/login/")


def test_user_without_permission_is_refused(log_in: Callable[..., Client], start: Callable[[], str]) -> None:
    client = log_in()

    assert [client.get(address).status_code for address in ("/", start())] == [403, 403]
    assert client.post(START).status_code == 403


def test_viewer_has_no_button_and_may_not_start(viewer: Client) -> None:
    assert "No audit has been started yet." in text(viewer, "/")
    assert "Audit now" not in text(viewer, "/")
    assert viewer.post(START).status_code == 403
    assert not TaskRun.objects.exists()


def test_button_starts_the_nightly_task_in_the_name_of_the_user(log_in: Callable[..., Client]) -> None:
    client = log_in("view_taskrun", "run_task")
    assert "Audit now" in text(client, "/")

    response = client.post(START)

    run = TaskRun.objects.get()
    assert response["Location"] == f"/audit/{run.pk}/"
    assert (run.task.name, Transition.objects.get(run=run).actor) == (tasks.NIGHTLY, "user:ada")
    assert "It waits for a worker that serves the queue “audit”." in text(client, response["Location"])


def test_start_needs_post_and_the_token(log_in: Callable[..., Client]) -> None:
    client = log_in("view_taskrun", "run_task", enforce_csrf_checks=True)

    assert client.get(START).status_code == 405
    assert client.post(START).status_code == 403
    assert not TaskRun.objects.exists()


def test_deleted_nightly_task_is_told(log_in: Callable[..., Client]) -> None:
    client = log_in("view_taskrun", "run_task")
    Task.objects.filter(name=tasks.NIGHTLY).delete()

    response = client.post(START, follow=True)

    assert "“manage.py migrate” brings it back" in response.content.decode()


def test_done_audit_shows_totals_and_the_slowest(viewer: Client, start: Callable[[], str], burst: Burst) -> None:
    address = start()
    burst()

    page = text(viewer, address)

    assert "1 of 1 distributions verified" in page
    assert "<dt>files compared</dt><dd>6</dd>" in page
    assert "The slowest" in page
    assert "To be repaired" not in page
    assert "data-moves" not in page


def test_blocked_audit_names_the_files_and_the_repair(
    viewer: Client, start: Callable[[], str], burst: Burst, sample: ScratchEnvironment
) -> None:
    sample.write("sample/core.py", b"answer = 43\n")
    address = start()
    burst()

    page = text(viewer, address)

    assert "The report waits for one verification that has ended without a result." in page
    assert "changed sample/core.py (sha256 differs)" in page
    assert "Reinstall sample==1.0, then retry this run." in page
    assert '<div class="bad"><dt>damaged</dt><dd>1</dd></div>' in page


def test_name_of_a_file_is_escaped(
    viewer: Client, start: Callable[[], str], burst: Burst, sample: ScratchEnvironment
) -> None:
    sample.write("sample/<b>bold.py", b"")
    address = start()
    burst()

    assert "sample/&lt;b&gt;bold.py" in text(viewer, address)
    assert "<b>" not in text(viewer, address)


def test_running_audit_shows_its_progress(
    viewer: Client, start: Callable[[], str], burst: Burst, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def watched(name: str, location: str, *, progress: verification.Progress, **options: Any) -> Any:
        progress(3, 4, "sample/core.py")
        return compare(name, location, progress=lambda *step: None, **options)

    class Looking:
        def __init__(self, report: verification.Progress) -> None:
            self.report = report

        def __call__(self, *step: Any) -> None:
            self.report(*step)
            seen.append(text(viewer, address))

    address, compare = start(), verification.verify
    monkeypatch.setattr(verification, "verify", watched)
    monkeypatch.setattr(tasks, "Throttled", Looking)
    burst()

    assert "0 of 1 distributions verified" in seen[0]
    assert '<progress max="100" value="75">75 %</progress>' in seen[0]
    assert "<code>sample/core.py</code>" in seen[0]
    assert "data-moves" in seen[0]


def test_audit_that_failed_says_why(viewer: Client, burst: Burst) -> None:
    tasks.discover.enqueue(path=["/nowhere"])
    burst()

    assert "&#x27;/nowhere&#x27; is not a directory." in text(viewer, "/")


def test_number_of_queries_does_not_grow_with_the_environment(
    viewer: Client, start: Callable[[], str], burst: Burst, sample: ScratchEnvironment
) -> None:
    counts = []
    for made in range(0, 20, 10):
        for number in range(made):
            sample.install(f"made_{number}", {f"made_{number}.py": b""})
            (sample.site / f"made_{number}.py").unlink()
        address = start()
        burst()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = text(viewer, address)
        counts.append(len(queries))

    assert page.count("Reinstall made_") == 10
    assert counts[1] <= counts[0] + 1
    assert counts[1] <= 10


def test_front_page_shows_the_newest_and_lists_the_rest(viewer: Client, start: Callable[[], str], burst: Burst) -> None:
    first, second = start(), start()
    burst()

    page = text(viewer, "/")

    assert page.index(second) < page.index(first)
    assert '<tr aria-current="true">' in page
    assert "1 / 1" in page


def test_unknown_audit_is_not_found(viewer: Client) -> None:
    assert viewer.get(f"/audit/{uuid4()}/").status_code == 404


def test_page_needs_no_more_than_the_strict_policy(viewer: Client) -> None:
    assert "script-src 'self'" in viewer.get("/")["Content-Security-Policy"]
