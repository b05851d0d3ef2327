from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.docs.pages import Page, pages

LANGUAGES = {"python", "console", "text", "json", "ini", "dockerfile", "sql", "yaml"}


@pytest.mark.parametrize("page", [page for page in pages() if page.blocks], ids=lambda page: page.name)
def test_a_reader_who_types_in_the_page_gets_what_it_says(page: Page, read: Callable[[Page], None]):
    read(page)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_block_says_its_language(page: Page):
    assert {block.language for block in page.blocks} <= LANGUAGES
