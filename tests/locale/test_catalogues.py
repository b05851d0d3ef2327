"""The translations are complete, fit their placeholders, are compiled, and reach the pages."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from scripts.messages import APPS, LANGUAGES, ROOT, extract, missing_tools
from tests.locale.catalogue import Message, read_mo, read_po
from tests.servers.choice import in_ci

SOURCES = [ROOT / app / "locale" / language / "LC_MESSAGES" / "django.po" for app in APPS for language in LANGUAGES]
PLACEHOLDER = re.compile(r"%\(\w+\)[0-9.]*[a-z]|\{\w*\}")

of_every_catalogue = pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))


def has_its_placeholders(message: Message) -> bool:
    """Tell whether every text fills in what its original does; the first of several forms may be without a number."""
    wanted = [Counter(PLACEHOLDER.findall(text)) for text in message.ids]
    given = [Counter(PLACEHOLDER.findall(text)) for text in message.texts]
    return given[0] in wanted and all(one == wanted[-1] for one in given[1:])


@of_every_catalogue
def test_everything_is_translated(source: Path) -> None:
    messages = read_po(source)
    assert messages
    assert [one.ids for one in messages if not all(one.texts) or len(one.texts) < len(one.ids)] == []


@of_every_catalogue
def test_nothing_is_guessed_or_left_over(source: Path) -> None:
    assert [one.ids for one in read_po(source) if "fuzzy" in one.flags] == []
    assert "#~" not in source.read_text(encoding="utf-8")


@of_every_catalogue
def test_placeholders_are_those_of_the_original(source: Path) -> None:
    assert [one.ids for one in read_po(source) if not has_its_placeholders(one)] == []


@pytest.mark.parametrize(
    ("ids", "texts"),
    [
        (("%(count)d of %(most)d",), ("%(count)d von",)),
        (("once, {}",), ("einmal",)),
        (("%(seconds)02d s",), ("%(seconds)s s",)),
        (("{} and {}",), ("{}",)),
        (("one", "%(n)d of them"), ("einer", "mehrere")),
    ],
)
def test_a_wrong_placeholder_is_found(ids: tuple[str, ...], texts: tuple[str, ...]) -> None:
    assert not has_its_placeholders(Message(None, ids, texts, frozenset()))


@of_every_catalogue
def test_spaces_at_the_ends_are_kept(source: Path) -> None:
    def ends(text: str) -> tuple[int, int]:
        return len(text) - len(text.lstrip()), len(text) - len(text.rstrip())

    assert [one.ids for one in read_po(source) if {*map(ends, one.texts)} != {ends(one.ids[0])}] == []


@of_every_catalogue
def test_it_is_compiled(source: Path) -> None:
    wanted = {name: text for one in read_po(source) for name, text in one.compiled().items()}
    assert read_mo(source.with_suffix(".mo")) == wanted, "stale: run make messages"


@pytest.mark.parametrize("app", APPS)
def test_it_has_what_the_sources_say(app: str, tmp_path: Path) -> None:
    if missing := missing_tools():
        stop = pytest.fail if in_ci() else pytest.skip
        stop(f"{', '.join(missing)} not found: install GNU gettext")
    copy = tmp_path / "app"
    shutil.copytree(ROOT / app, copy, ignore=shutil.ignore_patterns("__pycache__", "static", "locale"))
    extract(copy)
    for language in LANGUAGES:
        place = Path("locale") / language / "LC_MESSAGES" / "django.po"
        said, known = ({one.key for one in read_po(base / place)} for base in (copy, ROOT / app))
        assert said ^ known == set(), "run make messages and translate what is new"


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("de", "Nächster Lauf"), ("fr", "Prochaine exécution")])
def test_the_admin_speaks(language: str, words: str) -> None:
    client = Client(headers={"accept-language": language})
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(reverse("admin:django_tasks_fsm_task_changelist")).content.decode()
    assert f'lang="{language}"' in page
    assert words in page
