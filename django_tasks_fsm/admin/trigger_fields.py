"""The fields of a form that make a trigger, and the way from the stored one to them and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.problems import trigger_problem
from django_tasks_fsm.admin.verb_forms import LocalDateTimeInput, zone_note
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.triggers.expression import seed_for
from django_tasks_fsm.core.triggers.jitter import LONGEST
from django_tasks_fsm.core.triggers.zone import zone_keys
from django_tasks_fsm.exceptions import InvalidTrigger

KINDS = (
    ("manual", _("Only when asked")),
    ("once", _("Once, at a time")),
    ("interval", _("Again and again, at an interval")),
    ("cron", _("By a cron expression")),
    ("worker_start", _("When a worker starts")),
    ("worker_stop", _("Before a worker stops")),
)
POLICY_WORDS = (
    ("vixie", _("as cron does: every day once, an hourly one in real time")),
    ("skip", _("leave out a time that is skipped, run a repeated one once")),
    ("both", _("run after the gap, and twice when repeated")),
    ("utc", _("no change: the expression is read in UTC")),
)
FIELD_OF = {"once": "trigger_at", "interval": "trigger_every", "cron": "trigger_cron"}
"""The field that each kind needs, and under which its errors are shown."""

JITTERED = ("interval", "cron")

TRIGGER_FIELDS = (
    "trigger_kind", "trigger_cron", "trigger_timezone", "trigger_policy", "trigger_every", "trigger_from_end",
    "trigger_at", "trigger_jitter",
)  # fmt: skip


def _zones() -> list[tuple[str, str]]:
    return [(key, key) for key in sorted(zone_keys())]


class TriggerFields(forms.Form):
    """Say when a task fires. ``stored`` is the trigger that the row has."""

    trigger_kind = forms.ChoiceField(label=_("It runs"), choices=KINDS)
    trigger_cron = forms.CharField(
        label=_("Cron expression"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField fsm-code", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Minute, hour, day of month, month, day of week: 15 3 * * 1-5 is 03:15 from Monday to Friday."),
    )
    trigger_timezone = forms.ChoiceField(
        label=_("Time zone"), choices=_zones, required=False, help_text=_("The clock that the expression follows.")
    )
    trigger_policy = forms.ChoiceField(
        label=_("When the clocks are changed"), choices=POLICY_WORDS, required=False, initial="vixie"
    )
    trigger_every = forms.FloatField(
        label=_("Seconds between two runs"),
        required=False,
        min_value=0.01,
        help_text=_("3600 is an hour, 86400 a day."),
    )
    trigger_from_end = forms.BooleanField(label=_("Count them from the end of the last run"), required=False)
    trigger_at = forms.DateTimeField(label=_("Date and time"), required=False, widget=LocalDateTimeInput)
    trigger_jitter = forms.FloatField(
        label=_("Seconds by which a run may be later"),
        required=False,
        min_value=0,
        max_value=LONGEST.total_seconds(),
        help_text=_("At random, so that tasks of the same time do not all start at once. The schedule stays as it is."),
    )

    stored: Mapping[str, Any] = {}

    def set_up_trigger(self, stored: Any) -> None:
        """Show the stored trigger; one of a kind that has no fields here can be kept as it is."""
        self.stored = stored if isinstance(stored, Mapping) else {}
        kind = str(self.stored.get("kind", "manual"))
        offered: list[tuple[str, Any]] = list(KINDS)
        if kind not in dict(KINDS):
            offered.append((kind, _("As it is (%(kind)s)") % {"kind": kind}))
        self.fields["trigger_kind"].choices = offered  # type: ignore[attr-defined]
        self.fields["trigger_at"].help_text = zone_note()
        self.initial = {
            **self.initial,
            "trigger_kind": kind,
            "trigger_cron": self.stored.get("expression", ""),
            "trigger_timezone": self.stored.get("timezone") or timezone.get_current_timezone_name(),
            "trigger_policy": self.stored.get("policy") or "vixie",
            "trigger_every": self.stored.get("every"),
            "trigger_from_end": self.stored.get("from_end") is True,
            "trigger_jitter": self.stored.get("jitter"),
            "trigger_at": _instant(self.stored.get("at")),
        }

    def built_trigger(self, name: str) -> dict[str, Any] | None:
        """Return the JSON of the trigger, None with an error under the field that is to blame."""
        kind = self.cleaned_data.get("trigger_kind", "")
        if kind not in dict(KINDS):
            return dict(self.stored)
        needed = FIELD_OF.get(kind)
        if needed in self.errors:
            return None
        if needed and self.cleaned_data.get(needed) in (None, ""):
            self.add_error(needed, _("This kind of schedule needs it."))
            return None
        try:
            return triggers.dump(triggers.load(self._as_json(kind, name)))
        except InvalidTrigger as error:
            self.add_error(needed, trigger_problem(error, kind))
            return None

    def _as_json(self, kind: str, name: str) -> dict[str, Any]:
        """Return what was entered, with those settings of the stored trigger that have no field here."""
        given: dict[str, Any] = dict(self.stored) if self.stored.get("kind") == kind else {"version": 1, "kind": kind}
        entered = self.cleaned_data
        if kind == "once":
            given["at"] = _aware(entered["trigger_at"]).isoformat()
        elif kind == "interval":
            given |= {"every": entered["trigger_every"], "from_end": entered.get("trigger_from_end", False)}
        elif kind == "cron":
            given |= {"expression": entered["trigger_cron"], "timezone": entered.get("trigger_timezone") or "UTC"}
            if policy := entered.get("trigger_policy"):
                given["policy"] = policy
            if seed := seed_for(given["expression"], name):
                given.setdefault("seed", seed)
        if kind in JITTERED:
            given["jitter"] = entered.get("trigger_jitter")
        return given


def is_same_trigger(before: Any, after: Any) -> bool:
    """Tell whether two stored triggers fire alike; one that cannot be read is like none."""
    try:
        return triggers.load(before) == triggers.load(after)
    except InvalidTrigger:
        return bool(before == after)


def _instant(text: Any) -> datetime | None:
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found


def _aware(moment: datetime) -> datetime:
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
