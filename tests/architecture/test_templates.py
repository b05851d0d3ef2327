"""Templates escape what they print, and need nothing that a strict Content-Security-Policy forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, ROOT

FORBIDDEN = {
    r"\|\s*safe(seq)?\b": "declares text safe; let the view give a SafeString that format_html made",
    r"{%\s*autoescape\s+off": "turns escaping off",
    r"<script(?![^>]*\b(src=|type=.application/json))": "is an inline script; put it into a static file",
    r"<style\b": "is an inline stylesheet; put it into a static file",
    r"\sstyle\s*=": "is an inline style; use a class",
    r"\son[a-z]+\s*=\s*[\"']": "is an inline handler; listen in a static file",
}


def breaches(text: str) -> list[str]:
    """Return what is forbidden in a template, with its line."""
    return [
        f"{text.count(chr(10), 0, found.start()) + 1}: {found.group().strip()} {reason}"
        for pattern, reason in FORBIDDEN.items()
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]


def test_templates_are_clean() -> None:
    pages: list[Path] = [*(ROOT / PACKAGE).rglob("*.html"), *(ROOT / "testproject").rglob("*.html")]
    found = [
        f"{page.relative_to(ROOT)}:{breach}" for page in pages for breach in breaches(page.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "{{ run.error|safe }}",
        "{% autoescape off %}",
        "<script>go()</script>",
        "<style>a {}</style>",
        '<p style="color: red">',
        '<a onclick="go()">',
    ],
)
def test_what_is_forbidden_is_found(line: str) -> None:
    assert len(breaches(f"<main>\n{line}")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "{{ run.error }}",
        "<script src=\"{% static 'a.js' %}\" defer></script>",
        '<script type="application/json">{}</script>',
        '<p class="stylish" data-onward="x">',
    ],
)
def test_what_is_allowed_is_left_alone(line: str) -> None:
    assert breaches(line) == []
