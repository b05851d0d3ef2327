"""Addresses of the test project: the admin, and the pages of the apps that bring some."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    *(
        path("", include(f"{app}.urls"))
        for app in settings.INSTALLED_APPS
        if app == "audit" and find_spec("audit.urls")
    ),
]
