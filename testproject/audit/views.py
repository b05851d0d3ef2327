"""The pages of the audit, for people who may see runs, and the button that starts one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit import graphs
from audit.standing import Standing, read
from audit.tasks import NIGHTLY
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.actor import Actor

LISTED = 20

View = Callable[..., HttpResponse]


def allowed(permission: str) -> Callable[[View], View]:
    """Send visitors to the login; refuse users without the permission."""
    return lambda view: login_required(permission_required(permission, raise_exception=True)(view))


@require_safe
@allowed("django_tasks_fsm.view_taskrun")
def newest(request: HttpRequest) -> HttpResponse:
    """Show the last audit, and the list."""
    listed = _listed()
    return _page(request, read(listed[0]["graph"]) if listed else None, listed)


@require_safe
@allowed("django_tasks_fsm.view_taskrun")
def one(request: HttpRequest, graph: UUID) -> HttpResponse:
    """Show one audit, and the list."""
    standing = read(graph)
    if standing is None:
        raise Http404(_("There is no such audit: it may have been deleted."))
    return _page(request, standing, _listed())


@require_POST
@allowed("django_tasks_fsm.run_task")
def start(request: HttpRequest) -> HttpResponse:
    """Run the nightly audit now and show it."""
    nightly = Task.objects.filter(name=NIGHTLY).first()
    if nightly is None:
        problem = _("The task “%(name)s” has been deleted. “manage.py migrate” brings it back.")
        messages.error(request, problem % {"name": NIGHTLY})
        return redirect("audit:newest")
    run = nightly.start(actor=Actor.user(request.user))
    return redirect("audit:one", graph=run.pk)


def _listed() -> list[dict[str, Any]]:
    """Return the last audits, newest first, with two queries."""
    began = graphs.latest(LISTED)
    tallies = graphs.tallies(began.keys())
    return [{"graph": graph, "began": moment, "tally": tallies[graph]} for graph, moment in began.items()]


def _page(request: HttpRequest, standing: Standing | None, listed: list[dict[str, Any]]) -> HttpResponse:
    return render(request, "audit/audit.html", {"standing": standing, "listed": listed})
