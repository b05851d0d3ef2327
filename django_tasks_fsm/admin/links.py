"""Addresses of the app's pages, and errors, for what the user may see; the empty string for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.sites import AdminSite
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import reverse

APP = "django_tasks_fsm"
SEES_PAYLOADS = f"{APP}.view_payload"
MODELS = ("task", "taskrun", "worker", "queue")


@dataclass(frozen=True, slots=True)
class Links:
    """The pages of one admin site that one user may see."""

    site: str = "admin"
    visible: frozenset[str] = frozenset()
    sees_payloads: bool = False

    def page(self, model: str, pk: Any) -> str:
        """Return the address of a row's page."""
        if model not in self.visible or pk is None:
            return ""
        return reverse(f"admin:{APP}_{model}_change", args=[quote(pk)], current_app=self.site)

    def listing(self, model: str, filters: Mapping[str, Any]) -> str:
        """Return the address of a list, filtered."""
        if model not in self.visible:
            return ""
        return f"{reverse(f'admin:{APP}_{model}_changelist', current_app=self.site)}?{urlencode(filters)}"

    def error(self, text: str) -> str:
        """Return an error as the user may read it: an exception's message may tell payloads, its class does not."""
        return text if self.sees_payloads else text.partition(": ")[0]


NO_LINKS = Links()
"""For pictures that leave the site."""


def links_for(site: AdminSite, request: HttpRequest) -> Links:
    """Return the links for the user of a request."""
    may = request.user.has_perm
    visible = [name for name in MODELS if may(f"{APP}.view_{name}") or may(f"{APP}.change_{name}")]
    return Links(site.name, frozenset(visible), "taskrun" in visible and may(SEES_PAYLOADS))
