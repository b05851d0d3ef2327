"""The form of a task: a registered function, arguments that it takes, a trigger that fires."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import conf, registry
from django_tasks_fsm.admin.overrides import declared_values, is_from_code
from django_tasks_fsm.admin.payload import pretty
from django_tasks_fsm.admin.problems import cap_problem, payload_problem
from django_tasks_fsm.admin.trigger_fields import TRIGGER_FIELDS, TriggerFields, is_same_trigger
from django_tasks_fsm.core.misfire import InvalidMisfirePolicy, MisfirePolicy
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.core.redaction import MaskMisplaced, restored
from django_tasks_fsm.exceptions import FunctionNotRegistered, UnstorablePayload
from django_tasks_fsm.models import Task
from django_tasks_fsm.redaction import as_shown, shown_payload

EMPTY = ("", "--------")


class TaskForm(TriggerFields, forms.ModelForm):
    """Edit a task. What code declares shows what the code says where it was changed here."""

    function = forms.ChoiceField(
        label=_("Function"), help_text=_("Functions are declared with @task in code; the name is not a path to import.")
    )

    class Meta:
        model = Task
        fields = (
            "name", "function", "description", "group", "args", "kwargs", "queue", "priority", "max_runs", "catch_up",
            "catch_up_cap", "misfire_grace", "max_instances", "on_overlap", "concurrency", "rate_limit", "max_attempts",
            "timeout", "min_interval", "on_lost", "cancel_on_exception", "on_prerequisite_failure", "run_dependents",
            "executor",
        )  # fmt: skip
        widgets = {
            **dict.fromkeys(("args", "kwargs"), forms.Textarea(attrs={"rows": 2, "cols": 60, "class": "fsm-code"})),
            "description": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "trigger_kind" in self.fields:
            self.set_up_trigger(self.instance.trigger)
        if "function" in self.fields:
            self.fields["function"].choices = self._functions()  # type: ignore[attr-defined]
        for name in ("args", "kwargs"):
            if name in self.fields:
                # Django hides a copy in the page for columns with a callable default; what the row has says it better.
                self.fields[name].show_hidden_initial = False
        self._hide_secrets()
        self._tell_overrides()

    def _hide_secrets(self) -> None:
        """Show stored arguments masked; what is sent back with the mask keeps the stored value."""
        self.shown = shown_payload(self.instance) if self.instance.pk else {}
        self.initial.update({name: value for name, value in self.shown.items() if name in self.fields})

    def _functions(self) -> list[tuple[str, str]]:
        names = {name: name for name in sorted(registry.functions())}
        held = self.instance.function
        own = registry.own_name(held)
        if held and held not in names:  # may stay, but nobody can choose it anew: clean_function
            names.pop(own, None)
            names = {held: own, **names}
        return [EMPTY, *names.items()]

    def _tell_overrides(self) -> None:
        """Say at the fields that were changed here what the code has."""
        declared = declared_values(self.instance) if is_from_code(self.instance) else {}
        for name in self.instance.overrides:
            field = self.fields.get("trigger_kind" if name == "trigger" else name)
            if field is None:
                continue
            says = gettext("Changed here.")
            if name in declared:
                says = gettext("Changed here. In code: %(value)s") % {"value": self._in_code(name, declared[name])}
            field.help_text = f"{says} {field.help_text}".strip()

    def _in_code(self, name: str, value: Any) -> str:
        function = registry.get(self.instance.function)
        if name == "executor" and function is not None:
            value = value or registry.executor_of(function)  # empty in a row stands for what the function declares
        return pretty(as_shown(name, value, self.instance.function))

    def clean_function(self) -> str:
        """Refuse a function that is not registered, unless the row has it already."""
        name: str = self.cleaned_data["function"]
        if name not in registry.functions() and name != self.instance.function:
            raise ValidationError(_("No function is registered under this name."))
        return name

    def clean_args(self) -> list[Any]:
        """Return positional arguments that can be stored."""
        value: list[Any] = self._payload("args", list, _('Arguments are a list, such as [1, "two"].'))
        return value

    def clean_kwargs(self) -> dict[str, Any]:
        """Return keyword arguments that can be stored."""
        value: dict[str, Any] = self._payload(
            "kwargs", dict, _('Keyword arguments are an object, such as {"size": 3}.')
        )
        return value

    def _payload(self, name: str, kind: type, message: Any) -> Any:
        value, held = self.cleaned_data[name], self.instance.function
        value = kind() if value is None else value
        if not isinstance(value, kind):
            raise ValidationError(message)
        try:
            # Under the names of another function it might be shown.
            shown = self.shown.get(name) if self.cleaned_data.get("function", held) == held else None
            value = restored(value, shown, getattr(self.instance, name))
            return checked(value, name, conf.options().max_payload_bytes)
        except MaskMisplaced:
            raise ValidationError(_("The dots stand for a value that is not shown; it has to be given anew.")) from None
        except UnstorablePayload as error:
            raise ValidationError(payload_problem(error)) from error

    def clean_timeout(self) -> float | None:
        """Refuse a timeout that would end every run before it starts."""
        value: float | None = self.cleaned_data["timeout"]
        if value is not None and value <= 0:
            raise ValidationError(_("A timeout is longer than zero seconds."))
        return value

    def clean(self) -> dict[str, Any]:
        """Check what concerns several fields."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "trigger_kind" in self.fields:
            cleaned["trigger"] = self.built_trigger(cleaned.get("name") or self.instance.name)
        self._check_call(cleaned)
        self._check_misfires(cleaned)
        return cleaned

    def _check_call(self, cleaned: dict[str, Any]) -> None:
        """Bind the arguments to the function's parameters, as the call would."""
        held = {name: cleaned.get(name, getattr(self.instance, name)) for name in ("function", "args", "kwargs")}
        if not {"function", "args", "kwargs"} & set(self.fields) or {"function", "args", "kwargs"} & set(self.errors):
            return
        try:
            task = registry.find(held["function"])
            context = (None,) if task.takes_context else ()
            inspect.signature(task.func).bind(*context, *held["args"], **held["kwargs"])
        except FunctionNotRegistered:
            return
        except TypeError as error:
            message = gettext("The function does not take these arguments: %(error)s.") % {"error": error}
            self.add_error("args" if "args" in self.fields else None, message)

    def _check_misfires(self, cleaned: dict[str, Any]) -> None:
        if not {"catch_up", "catch_up_cap"} <= set(cleaned):
            return
        grace = cleaned.get("misfire_grace")
        try:
            length = None if grace is None else timedelta(seconds=grace)
            MisfirePolicy(cleaned["catch_up"], length, cleaned["catch_up_cap"])
        except InvalidMisfirePolicy:  # of the three, only this one is not checked by its field
            self.add_error("catch_up_cap", cap_problem())

    @property
    def changed_columns(self) -> list[str]:
        """Return the columns of the row that this form changes."""
        columns = [name for name in self.changed_data if name not in TRIGGER_FIELDS]
        after = self.cleaned_data.get("trigger")
        if after is not None and not is_same_trigger(self.stored, after):
            columns.append("trigger")
        return columns
