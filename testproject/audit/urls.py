"""Addresses of the audit's pages."""

from __future__ import annotations

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("", views.newest, name="newest"),
    path("audit/start/", views.start, name="start"),
    path("audit/<uuid:graph>/", views.one, name="one"),
]
