"""Fixtures of the documentation's room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import Page
from tests.docs.reader import Reader, forgetting


@pytest.fixture
def read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, transactional_db: None
) -> Iterator[Callable[[Page], None]]:
    """Give ``read(page)``: it works through a page in an empty project with the settings of the quick start.

    What the page has started and imported is gone afterwards.
    """
    settings.TASKS = {"default": {"BACKEND": "django_tasks_fsm.backend.FSMBackend"}}
    monkeypatch.syspath_prepend(tmp_path)
    forget = forgetting(monkeypatch)
    readers = []

    def work_through(page: Page) -> None:
        readers.append(Reader(page, tmp_path, settings))
        readers[-1].read()

    yield work_through
    for reader in readers:
        reader.close()
    forget()
