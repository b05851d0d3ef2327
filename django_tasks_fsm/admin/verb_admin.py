"""Verbs on pages and lists: a link or an action leads to a page that asks, and only its POST changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext, gettext_lazy

from django_tasks_fsm.admin.bounded import BoundedAdmin
from django_tasks_fsm.admin.verbs import Verb, sentence, where_written
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report

METHODS = ("GET", "HEAD", "POST")
MOST_AT_ONCE = 10_000
"""Rows that one action changes: each batch of 500 is a transaction, and a request does not last for ever."""
MOST_SHOWN = 20
LOG_BATCH = 500


class VerbAdmin(BoundedAdmin):
    """Offer ``verbs`` as links on the page of a row and as actions of the list."""

    verbs: tuple[Verb, ...] = ()
    confirmation_template = "django_tasks_fsm/admin/confirm.html"

    def may(self, request: HttpRequest, verb: Verb, obj: Model | None = None) -> bool:
        """Tell whether the user may do this: a permission of the verb is worth nothing without that to view."""
        return self.may_codename(request, verb.permission, obj)

    def may_codename(self, request: HttpRequest, codename: str, obj: Model | None = None) -> bool:
        """Tell whether the user has one of the model's own permissions, and that to view."""
        return self.has_view_permission(request, obj) and request.user.has_perm(f"{self.opts.app_label}.{codename}")

    def described(self, obj: Any) -> str:
        """Return a row as the confirmation shows it."""
        return str(obj)

    def dependents(self, obj: Any) -> Sequence[Any]:
        """Return what will stay blocked when the row ends without success."""
        return ()

    # -- links and addresses ------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the page of each verb."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_verb"
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<path:object_id>/verb/<slug:name>/", view, name=name), *super().get_urls()]

    def tools(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:
        """Return links to the verbs that fit the row and that the user may do."""
        offered = [verb for verb in self.verbs if verb.fits(obj) and self.may(request, verb, obj)]
        links = [(self.url_of("verb", obj.pk, verb.name), str(asking(verb))) for verb in offered]
        return [*links, *super().tools(request, obj)]

    # -- one row ------------------------------------------------------------------------------------------------------

    def verb_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask before a verb is done to one row (GET), and do it (POST)."""
        verb = next((one for one in self.verbs if one.name == name), None)
        if verb is None:
            raise Http404
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if not self.may(request, verb):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.may(request, verb, obj):
            raise PermissionDenied
        return self.answer(request, verb, obj)

    def answer(self, request: HttpRequest, verb: Verb, obj: Any) -> HttpResponse:
        """Ask, or do what was answered, for a user who may."""
        back = self.url_of("change", obj.pk)
        form = verb.form(request.POST if request.method == "POST" else None, initial=self.initial_for(verb, obj))
        if form.is_valid():
            self.carry_out(request, verb, self.get_queryset(request).filter(pk=obj.pk), form.cleaned_data)
            return HttpResponseRedirect(self.url_of("changelist") if verb.removes else back)
        waiting = self.dependents(obj) if verb.blocks_dependents else ()
        return self.ask(request, verb, form, [obj], 1, {"back": back, "dependents": waiting})

    def initial_for(self, verb: Verb, obj: Any) -> dict[str, Any]:
        """Return what the form of a verb holds at first."""
        return {}

    # -- many rows ----------------------------------------------------------------------------------------------------

    def verb_action(self, request: HttpRequest, verb: Verb, rows: QuerySet[Any]) -> HttpResponse | None:
        """Ask before a verb is done to the selected rows, and do it when the answer comes back."""
        answered = "post" in request.POST
        form = verb.form(request.POST if answered else None)
        if form.is_valid():
            chosen = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
            self.carry_out(request, verb, self.get_queryset(request).filter(pk__in=chosen), form.cleaned_data)
            return None
        count = rows.order_by()[: MOST_AT_ONCE + 1].count()
        hidden = [("action", verb.name), ("post", "yes"), ("select_across", request.POST.get("select_across", "0"))]
        hidden += [(ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)]
        more = {"back": request.get_full_path(), "hidden": hidden, "most": MOST_AT_ONCE if count > MOST_AT_ONCE else 0}
        return self.ask(request, verb, form, list(rows[:MOST_SHOWN]), count, more)

    # -- both ---------------------------------------------------------------------------------------------------------

    def ask(
        self, request: HttpRequest, verb: Verb, form: Any, shown: Sequence[Any], count: int, more: Mapping[str, Any]
    ) -> HttpResponse:
        """Show the page that asks."""
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": verb.question % {"count": min(count, MOST_AT_ONCE)},
            "verb": verb,
            "opts": self.opts,
            "form": form,
            "rows": [self.described(row) for row in shown],
            "unfit": [self.described(row) for row in shown if not verb.fits(row)] if count == 1 else [],
            "more_rows": max(0, count - len(shown)),
            "kind": capfirst(self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural),
            "media": self.media + form.media,
            **more,
        }
        return TemplateResponse(request, self.confirmation_template, context)

    def carry_out(self, request: HttpRequest, verb: Verb, rows: QuerySet[Any], said: Mapping[str, Any]) -> None:
        """Do it, log it for every row that changed, and tell the user the numbers."""
        rows = where_written(rows)
        report = verb.act(rows, Actor.user(request.user), said)
        reason = said.get("reason", "")
        text = gettext("%(verb)s: %(reason)s") if reason else "%(verb)s"
        self.log_verb(request, rows, report, text % {"verb": verb.label, "reason": reason})
        level = messages.WARNING if report.refused or not (report.moved or report.asked) else messages.SUCCESS
        self.message_user(request, gettext("%(report)s.") % {"report": sentence(verb, report)}, level)

    def log_verb(self, request: HttpRequest, selected: QuerySet[Any], report: Report, message: str) -> None:
        """Write a log entry for every row that the report tells of."""
        changed = [*(row.pk for row in report.moved), *(self.asked(selected) if report.asked else ())]
        for start in range(0, len(changed), LOG_BATCH):
            rows = list(where_written(self.get_queryset(request)).filter(pk__in=changed[start : start + LOG_BATCH]))
            if len(rows) == 1:
                self.log_change(request, rows[0], message)
            else:
                LogEntry.objects.log_actions(request.user.pk, rows, CHANGE, message)  # type: ignore[arg-type]

    def asked(self, rows: QuerySet[Any]) -> Sequence[Any]:
        """Return the keys of the rows that were asked and have not moved."""
        return ()


def asking(verb: Verb) -> Any:
    """Return the label of what leads to the question, as lazy as the verb's own."""
    # Translators: a link or an action that asks before it acts
    return format_lazy(gettext_lazy("{verb}…"), verb=verb.label)


def action_of(verb: Verb) -> Callable[..., HttpResponse | None]:
    """Return the list action of a verb; Django asks ``has_<permission>_permission`` before it shows or runs it."""

    @admin.action(permissions=[verb.permission], description=asking(verb))
    def act(model_admin: VerbAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return model_admin.verb_action(request, verb, queryset)

    act.__name__ = verb.name
    return act
