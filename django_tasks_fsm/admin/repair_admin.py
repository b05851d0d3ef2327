"""Verbs that show a plan first: the POST carries the plan's fingerprint, and does that plan or shows the new one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from django_tasks_fsm.admin.links import links_for
from django_tasks_fsm.admin.plan_page import plan_page
from django_tasks_fsm.admin.repair_verbs import Repair
from django_tasks_fsm.admin.verb_admin import VerbAdmin
from django_tasks_fsm.admin.verbs import Verb, where_written
from django_tasks_fsm.exceptions import PlanChanged, PlanRefused
from django_tasks_fsm.repair import Plan

FINGERPRINT = "fingerprint"


class RepairAdmin(VerbAdmin):
    """Offer the verbs of the plans."""

    def answer(self, request: HttpRequest, verb: Verb, obj: Any) -> HttpResponse:
        """Show the plan, or carry out the one that was agreed to."""
        if not isinstance(verb, Repair):
            return super().answer(request, verb, obj)
        if not verb.fits(obj):
            return self.ask(request, verb, verb.form(), [obj], 1, {"back": self.url_of("change", obj.pk)})
        using = where_written(self.get_queryset(request)).db
        form = verb.form(request.POST if request.method == "POST" else None)
        is_valid = form.is_valid()
        plan = verb.plan(obj, form.cleaned_data if is_valid else {}, using)
        agreed = request.POST.get(FINGERPRINT, "")
        if is_valid:
            try:
                self._do(request, verb, obj, replace(plan, fingerprint=agreed), form.cleaned_data)
            except (PlanChanged, PlanRefused) as error:
                plan = error.plan
            else:
                return HttpResponseRedirect(self.url_of("change", obj.pk))
        return self._show(request, verb, obj, form, plan, has_changed=is_valid and agreed != plan.fingerprint)

    def _do(self, request: HttpRequest, verb: Repair, obj: Any, plan: Plan, said: dict[str, Any]) -> None:
        rows = self.get_queryset(request).filter(pk__in=[obj.pk, *plan.pks("cancel_requested")])
        self.carry_out(request, verb, rows, {**said, "plan": plan})

    def _show(
        self, request: HttpRequest, verb: Repair, obj: Any, form: Any, plan: Plan, has_changed: bool
    ) -> HttpResponse:
        more = {
            "title": verb.question % {"count": len(plan.steps)},
            "back": self.url_of("change", obj.pk),
            "plan": plan_page(plan, links_for(self.admin_site, request), has_changed),
            "hidden": [(FINGERPRINT, plan.fingerprint)],
        }
        return self.ask(request, verb, form, [obj], 1, more)
