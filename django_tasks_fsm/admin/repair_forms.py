"""What verbs that repair ask besides the reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.verb_forms import ReasonForm
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.exceptions import UnstorablePayload


class ResolveForm(ReasonForm):
    """Ask for the result and, this time without fail, for the reason."""

    value = forms.JSONField(
        label=_("Result"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField fsm-code", "spellcheck": "false"}),
        help_text=_("As JSON: a text stands in double quotes. Empty means null."),
    )
    field_order = ("value", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True
        self.fields["reason"].help_text = _("Required. It is kept in the history.")

    def clean_value(self) -> Any:
        """Return the value as it will read back."""
        try:
            return checked(self.cleaned_data["value"], "value")
        except UnstorablePayload as error:
            raise ValidationError(str(error)) from None


class RetryFailedForm(ReasonForm):
    """Ask whether those that did not run are meant too."""

    others = forms.BooleanField(
        label=_("Cancelled and skipped ones too"),
        required=False,
        help_text=_("The list is shown again with them before anything happens."),
    )
    field_order = ("others", "reason")
