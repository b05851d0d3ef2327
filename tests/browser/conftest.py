"""A real Chromium for the tests of this room: the system's own, driven by playwright, which downloads none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from tests.browser.chromium import ARGUMENTS, Absent, found_chromium
from tests.servers.choice import in_ci

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this room, so that ``-m "not browser"`` leaves them out."""
    for item in items:
        if "browser" in item.path.parent.parts[-2:]:
            item.add_marker("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a running browser; skip where there is none, but fail in CI.

    For one module only: playwright keeps an event loop running in this thread, in which no other test could use
    asyncio, and in which Django's ORM works only with the variable set here.
    """
    try:
        executable = found_chromium()
    except Absent as reason:
        if in_ci():
            pytest.fail(f"CI must run the browser tests: {reason}")
        pytest.skip(str(reason))
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=executable, headless=True, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, transactional_db: None) -> Iterator[Any]:
    """Give ``open_page(**options)``: a page that cannot leave the live server, and whose ``problems`` must stay empty.

    The options are a browser context's: ``color_scheme="dark"``, ``java_script_enabled=False``, ``viewport=...``.
    """
    contexts = []

    def open_one(**options: Any) -> Page:
        options.setdefault("viewport", {"width": 1360, "height": 900})
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(30000)
        page = context.new_page()
        watch(page, live_server.url)
        return page

    yield open_one
    for context in contexts:
        context.close()


def watch(page: Any, url: str) -> None:
    """Collect script errors and console errors (a breach of the Content-Security-Policy is one), and stay at home."""
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(f"page error: {error}"))
    page.on("console", lambda message: page.problems.append(message.text) if is_problem(message) else None)
    page.route(
        "**/*", lambda route: route.continue_() if route.request.url.startswith((url, "data:")) else route.abort()
    )


def is_problem(message: Any) -> bool:
    """Return whether a console message is an error other than the missing favicon."""
    return bool(message.type == "error" and "favicon" not in message.location.get("url", ""))


@pytest.fixture
def page(open_page: Any) -> Page:
    """Give a page of ordinary size with nobody logged in."""
    opened: Page = open_page()
    return opened


@pytest.fixture
def log_in(live_server: LiveServer) -> Any:
    """Give ``log_in(page, client)``: hand a test client's session to the browser, without the login form."""

    def hand_over(page: Page, client: Any) -> Page:
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    return hand_over


@pytest.fixture
def as_admin(page: Page, log_in: Any, admin_client: Any) -> Page:
    """Give a page with a superuser logged in."""
    opened: Page = log_in(page, admin_client)
    return opened
