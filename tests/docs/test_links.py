from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, page, pages

OUTSIDE = ("https://", "http://")


def broken(one: Page) -> list[str]:
    """Return what is wrong with the links of a page, with the lines."""
    found = []
    for number, target in one.links():
        if target.startswith(OUTSIDE):
            continue
        name, _, wanted = target.partition("#")
        path = (one.path.parent / name).resolve() if name else one.path
        if not path.is_file() or not path.is_relative_to(ROOT):
            found.append(f"{one.name}:{number}: there is no {name}")
        elif wanted and wanted not in Page(path).anchors:
            found.append(f"{one.name}:{number}: {name or one.name} has no heading for #{wanted}")
    return found


@pytest.mark.parametrize("one", pages(), ids=lambda page: page.name)
def test_every_link_within_the_documentation_leads_somewhere(one: Page):
    assert broken(one) == []


def test_a_link_to_a_missing_page_or_heading_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.docs.test_links.ROOT", tmp_path)
    path = tmp_path / "one.md"
    path.write_text('# One Two\n[a](#one-two) [b](two.md) [c](#three)\n<img src="none.png">\n')
    assert broken(Page(path)) == [
        "one.md:2: there is no two.md",
        "one.md:2: one.md has no heading for #three",
        "one.md:3: there is no none.png",
    ]


def test_the_index_leads_to_every_page():
    linked = {(ROOT / "docs" / target.partition("#")[0]).resolve() for _, target in page("docs/index.md").links()}
    assert {one.path for one in pages() if "docs/" in one.name} <= linked | {ROOT / "docs" / "index.md"}


def test_every_picture_is_shown_on_some_page():
    shown = {(one.path.parent / target).resolve() for one in pages() for _, target in one.links()}
    assert {path for path in (ROOT / "docs" / "images").iterdir() if path.suffix in (".svg", ".png")} <= shown
