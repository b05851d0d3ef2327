"""Take the pictures of the admin in the documentation, from a real audit in a real browser.

``python -m scripts.docs_screenshots``, from the checkout, with playwright and the system's Chromium. The demo runs on a
database of its own in a temporary directory. It audits a small environment in which one file has been changed, so that
the graph shows a run that failed and one that waits for it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.browser.chromium import ARGUMENTS, found_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PICTURES: dict[Literal["light", "dark"], Path] = {
    "light": IMAGES / "run-graph-light.png",
    "dark": IMAGES / "run-graph-dark.png",
}

INSTALLED = ("asgiref", "croniter", "graphviz", "sqlparse")
DAMAGED = "graphviz/__init__.py"
SIZE: ViewportSize = {"width": 1180, "height": 1180}
WAITING = "/admin/django_tasks_fsm/taskrun/?state=BLOCKED"


def main() -> None:
    """Take each picture and say where it is."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found_chromium(), args=ARGUMENTS)
        for scheme, path in PICTURES.items():
            picture(browser, address, scheme, path)
            print(path.relative_to(ROOT))
        browser.close()


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """Give the address of a demo that has finished its audit and serves the admin; stop it afterwards."""
    environment = folder / "environment"
    install(environment)
    process = subprocess.Popen(
        [sys.executable, "testproject/manage.py", "demo", "--environment", environment, "--log", folder / "worker.log"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield address_of(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def install(environment: Path) -> None:
    """Copy some distributions of this interpreter into an environment, and change one file of one of them."""
    packages = environment / "lib" / "python3" / "site-packages"
    packages.mkdir(parents=True)
    for name in INSTALLED:
        for file in distribution(name).files or ():
            source, target = Path(str(file.locate())), (packages / file).resolve()
            if source.exists() and target.is_relative_to(environment.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
    with (packages / DAMAGED).open("a", encoding="utf-8") as damaged:
        damaged.write("# changed\n")


def address_of(process: subprocess.Popen[str]) -> str:
    """Return the address that the demo prints; raise RuntimeError with its output when it ends before."""
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("The admin: "):
            return line.removeprefix("The admin: ").strip().removesuffix("/admin/")
    raise RuntimeError(f"The demo has not come to serve the admin:\n{''.join(said)}")


def picture(browser: Browser, address: str, scheme: Literal["light", "dark"], path: Path) -> None:
    """Log in, open the run that waits, and take its state and its graph."""
    context = browser.new_context(base_url=address, color_scheme=scheme, viewport=SIZE, device_scale_factor=2)
    page = context.new_page()
    page.goto(WAITING)
    log_in(page)
    page.click("#result_list th a")
    page.wait_for_selector(".fsm-gwrap svg")
    page.screenshot(path=path)
    context.close()


def log_in(page: Page) -> None:
    """Fill the form in as the demo says."""
    page.fill("#id_username", "demo")
    page.fill("#id_password", "demo")
    page.click("input[type=submit]")


if __name__ == "__main__":
    main()
