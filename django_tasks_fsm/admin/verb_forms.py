"""What a verb asks before it acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.slots import MOST_SLOTS

REASON_LENGTH = 500


class LocalDateTimeInput(forms.DateTimeInput):
    """The browser's own field for date and time; text where it has none. No script is needed."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"step": "1", **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")


def zone_note() -> str:
    """Return the sentence that names the time zone of entered times."""
    return gettext("Times are in the time zone %(zone)s.") % {"zone": timezone.get_current_timezone_name()}


class ReasonForm(forms.Form):
    """Ask why; the answer stands in the history."""

    class Media:
        css = {"all": ("admin/css/forms.css",)}

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text=_("Optional. It is kept in the history."),
    )


class WhenForm(ReasonForm):
    """Ask when, and why."""

    at = forms.DateTimeField(label=_("When?"), widget=LocalDateTimeInput)
    field_order = ("at", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].help_text = zone_note()


class ResumeForm(ReasonForm):
    """Ask whether what has passed is made up for, and why."""

    catch_up = forms.BooleanField(
        label=_("Make up for the times of the pause"),
        required=False,
        help_text=_("They count as missed, and what becomes of missed times is decided by the task."),
    )
    field_order = ("catch_up", "reason")


class ResizeForm(ReasonForm):
    """Ask how many slots, and why."""

    slots = forms.IntegerField(
        label=_("Slots"),
        min_value=1,
        max_value=MOST_SLOTS,
        required=False,
        help_text=_("Runs at once. Empty: as many as it was started with."),
    )
    field_order = ("slots", "reason")


class PauseForm(ReasonForm):
    """Ask why, and until when."""

    until = forms.DateTimeField(label=_("Until"), widget=LocalDateTimeInput, required=False)
    field_order = ("until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].help_text = " ".join((gettext("Empty: until somebody resumes it."), zone_note()))

    def clean_until(self) -> datetime | None:
        """Refuse a time that has passed: the pause would be over before it began."""
        until: datetime | None = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError(gettext("This time has passed."))
        return until
