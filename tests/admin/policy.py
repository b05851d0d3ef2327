"""What a strict Content-Security-Policy forbids, found in responses."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from django_tasks_fsm.admin.picture_files import POLICY

ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data", "poster"}


def breaches(response: Any) -> list[str]:
    """Return what of a response a browser would refuse, or should never have been sent."""
    kind = response.headers["Content-Type"].partition(";")[0]
    if kind == "text/html":
        found = _Page()
        found.feed(response.content.decode())
        return found.breaches
    return list(_of_file(kind, response))


def _of_file(kind: str, response: Any) -> Iterator[str]:
    if response.headers.get("X-Content-Type-Options") != "nosniff":
        yield f"{kind} without nosniff"
    if kind.startswith(("image/", "application/pdf")) and response.headers.get("Content-Security-Policy") != POLICY:
        yield f"{kind} without a policy of its own"
    if kind == "image/svg+xml":
        found = _Page(may_have_style=True)
        found.feed(response.content.decode())
        yield from found.breaches


class _Page(HTMLParser):
    """Collect inline scripts, styles and handlers, and addresses that are code."""

    def __init__(self, may_have_style: bool = False) -> None:
        super().__init__()
        self.may_have_style = may_have_style
        self.breaches: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_data = given.get("type") == "application/json"
        if (tag == "script" and "src" not in given and not is_data) or tag in ("base", "foreignobject", "iframe"):
            self.breaches.append(f"<{tag}> {given}")
        if not self.may_have_style and (tag == "style" or "style" in given):
            self.breaches.append(f"<{tag}> has a style: {given}")
        for name, value in attrs:
            code = name in ADDRESSES and (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))
            if name.startswith("on") or code:
                self.breaches.append(f"<{tag} {name}={value!r}>")
