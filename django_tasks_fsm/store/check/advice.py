"""What to do, where several rules have the same answer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

RETRY_OR_ABORT = _("Abort the run, or retry it once it has ended: both write anew what belongs to the state.")
RESTORE = _("Look for constraints that are missing, create them anew, and correct the rows by hand.")
BY_HAND = _("Look for who writes to the tables by hand. If nobody does, report it as a bug, with the output of --json.")
COUNT_ANEW = _("Count its prerequisites anew, as the how-to about the check shows, and reschedule it.")
EDIT_TASK = _("Correct the task in the admin, or declare it anew and migrate.")
WORKERS = _("Look at the logs of the workers: one that lives should have seen to it.")
NOTHING = _("Nothing, if that is how it came about.")
