"""The panels of a page as a fragment of their own, which a script fetches anew while something can still change."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotModified
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language

from django_tasks_fsm.admin.graph_admin import READING, GraphAdmin
from django_tasks_fsm.admin.graph_view import view_of

AGES = 20
"""Seconds after which a page that is not at rest is rendered anew though no row has changed: it tells ages, and names
workers and queues that are none of its rows."""


class LiveAdmin(GraphAdmin):
    """Offer the panels of a row as a fragment with an ETag."""

    def marks(self, request: HttpRequest, obj: Any) -> tuple[list[Any], bool]:
        """Return values that differ whenever the panels would, read without rendering, and whether all is at rest."""
        return [], True

    def get_urls(self) -> list[URLPattern]:
        """Add the fragment."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_live"
        view = self.admin_site.admin_view(self.live_view)
        return [path("<path:object_id>/live/", view, name=name), *super().get_urls()]

    def live(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page needs to ask for its fragment later; no address where nothing can change any more."""
        etag, is_at_rest = self._etag(request, obj)
        address = self.url_of("live", obj.pk) + view_of(request).suffix()
        return {"live_url": "" if is_at_rest else address, "live_etag": etag, "live_at": timezone.now()}

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the panels, or 304 to who has them as they are."""
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        obj = self.viewed(request, object_id)
        live = self.live(request, obj)
        response: HttpResponse
        if request.headers.get("If-None-Match") == live["live_etag"]:
            response = HttpResponseNotModified()
        else:
            context = {**self.admin_site.each_context(request), **live, **self.panels(request, obj)}
            context |= {"original": obj, "opts": self.opts, "panels_template": self.panels_template}
            response = TemplateResponse(request, "django_tasks_fsm/admin/parts/live.html", context)
        response.headers["ETag"] = live["live_etag"]
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ("Cookie", "Accept-Language"))
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the page with what it needs to refresh itself."""
        obj = kwargs.get("obj")
        if obj is not None:
            context |= self.live(request, obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def _etag(self, request: HttpRequest, obj: Any) -> tuple[str, bool]:
        marks, is_at_rest = self.marks(request, obj)
        age = "" if is_at_rest else int(timezone.now().timestamp()) // AGES
        zone = timezone.get_current_timezone_name()
        told = repr([marks, age, zone, get_language(), request.user.pk, request.GET.urlencode()])
        return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"', is_at_rest
