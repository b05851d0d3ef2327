from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import Page, anchor

TEXT = """# A title

Prose with [a link](two.md) and `[no](link)`.

```python
# shop/tasks.py
x = 1
```

| name | what |
|---|---|
| `one` | 1 |
| `two` or `three` | 2 |

## Another

```text
1
```
"""


@pytest.fixture
def one(tmp_path: Path) -> Page:
    path = tmp_path / "one.md"
    path.write_text(TEXT)
    return Page(path)


def test_blocks_have_language_line_and_file(one: Page):
    assert [(block.language, block.line, block.file) for block in one.blocks] == [
        ("python", 6, "shop/tasks.py"),
        ("text", 18, ""),
    ]
    assert one.blocks[0].text == "# shop/tasks.py\nx = 1\n"


def test_prose_is_what_lies_outside_the_blocks(one: Page):
    lines = [line for _, line in one.prose]
    assert "x = 1" not in lines
    assert "## Another" in lines


def test_links_in_code_are_none(one: Page):
    assert list(one.links()) == [(3, "two.md")]


def test_the_first_column_of_the_table_below_a_heading(one: Page):
    assert one.first_column("A title") == ["one", "two", "three"]


def test_a_fence_that_is_never_closed_is_named_with_its_line(tmp_path: Path):
    path = tmp_path / "open.md"
    path.write_text("text\n```python\nx = 1\n")
    with pytest.raises(ValueError, match=r"open\.md:2: this fence"):
        Page(path).blocks  # noqa: B018


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [("How-to guides", "how-to-guides"), ("`using`", "using"), ("What is asked, and how?", "what-is-asked-and-how")],
)
def test_anchors_are_made_as_hosting_sites_make_them(heading, wanted):
    assert anchor(heading) == wanted
