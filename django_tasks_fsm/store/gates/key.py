"""The unique key that an ended run would take back."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence, called


def key(seen: Seen) -> Iterator[Gate]:
    """Tell whether another unfinished run bears the key of this one, which then cannot be retried."""
    given = seen.run.given_key
    if given is None:
        return
    bearers = TaskRun.objects.using(seen.using).filter(key=given).exclude(pk=seen.run.pk)
    bearer = bearers.select_related("task").only("label", "task__name").first()
    if bearer is None:
        yield Gate("key", True, Sentence(gettext("No other run bears its key {key}."), {"key": given}))
    else:
        fact = Sentence(gettext("Its key {key} is borne by {what}."), {"key": given, "what": called(bearer)})
        way_out = Sentence(gettext("Wait until that has ended, or cancel it; a retry is possible then."))
        yield Gate("key", False, fact, way_out, "run", bearer.pk)
