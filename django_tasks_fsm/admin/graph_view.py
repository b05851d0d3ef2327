"""What of a graph the reader of a page has asked to see, as it stands in the address."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext

from django_tasks_fsm.core.lines import LEVELS
from django_tasks_fsm.pictures.around import ALL, STEPS

TIMELINES = ("", "runs", "worker")
"""None, because it is long; a row for each run; a lane for each worker."""

Choice = tuple[str, str, bool]
"""Address, words, and whether it is what is shown."""


@dataclass(frozen=True, slots=True)
class View:
    """The reader's choice: steps around the row ("" leaves it to the size), page of the links, kind of timeline, least
    level of the log, page of the log."""

    steps: str = ""
    links: int = 1
    timeline: str = ""
    level: str = ""
    log: int = 1

    def address(self, **changes: str | int) -> str:
        """Return the query of an address with some of the choices changed."""
        chosen = asdict(replace(self, **changes))  # type: ignore[arg-type]
        usual = asdict(View())
        return "?" + urlencode({name: value for name, value in chosen.items() if value != usual[name]})

    def suffix(self) -> str:
        """Return the query for an address that has none yet; nothing where the reader has chosen nothing."""
        query = self.address()
        return query if len(query) > 1 else ""

    def step_choices(self, shown: str) -> list[Choice]:
        """Return the links to more and fewer steps."""
        words = {ALL: gettext("all")}
        return [
            (f"{self.address(steps=step, links=1)}#h-graph", words.get(step, step), step == shown) for step in STEPS
        ]

    def timeline_choices(self) -> list[Choice]:
        """Return the links to the two kinds of timeline, and to none."""
        words = (gettext("hide"), gettext("one row for each run"), gettext("one lane for each worker"))
        links = [(kind, f"{self.address(timeline=kind)}#h-timeline") for kind in TIMELINES]
        return [(address, word, kind == self.timeline) for word, (kind, address) in zip(words, links, strict=True)]


def view_of(request: HttpRequest) -> View:
    """Return the choice of a request; what it cannot mean is left out."""
    steps, timeline, level = (request.GET.get(name, "") for name in ("steps", "timeline", "level"))
    return View(
        steps if steps in STEPS else "",
        _page(request.GET.get("links", "")),
        timeline if timeline in TIMELINES else "",
        level if level in LEVELS else "",
        _page(request.GET.get("log", "")),
    )


def _page(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
