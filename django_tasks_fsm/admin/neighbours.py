"""The runs of a task before and after one of them."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext

from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.models import TaskRun


def neighbours(run: TaskRun, links: Links) -> list[tuple[str, str]]:
    """Return links to the run before, the one after and all of them, as (address, words); two steps in an index."""
    if "taskrun" not in links.visible:
        return []
    others = TaskRun.objects.filter(task=OuterRef("task")).values("pk")
    before = others.filter(pk__lt=OuterRef("pk")).order_by("-pk")[:1]
    after = others.filter(pk__gt=OuterRef("pk")).order_by("pk")[:1]
    found = TaskRun.objects.filter(pk=run.pk).values_list(Subquery(before), Subquery(after)).first() or (None, None)
    words = (gettext("previous run of the task"), gettext("next run of the task"))
    pages = [(links.page("taskrun", pk), text) for pk, text in zip(found, words, strict=True) if pk is not None]
    return [*pages, (links.listing("taskrun", {"task": run.task_id}), gettext("all runs of the task"))]
