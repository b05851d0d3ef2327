"""Bring the translations up to date with the sources and compile them: ``python -m scripts.messages`` (make messages).

GNU gettext does the work. What is new stays empty until somebody translates it, and what is gone is dropped.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import chdir
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import compilemessages, makemessages

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("de", "fr")
APPS = ("django_tasks_fsm", "testproject/audit")
"""The apps that have words for people, and so a catalogue."""

TOOLS = ("xgettext", "msgmerge", "msguniq", "msgattrib", "msgfmt")


class MakeMessages(makemessages.Command):
    """Merge without guesses, which look like translations, and in an order that does not follow the lines of code."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching", "--sort-by-file"]
    msgattrib_options = [*makemessages.Command.msgattrib_options, "--sort-by-file"]


def missing_tools() -> list[str]:
    """Return the programs of GNU gettext that cannot be found."""
    return [name for name in TOOLS if shutil.which(name) is None]


def extract(app: Path) -> None:
    """Merge the translatable strings of an app into its catalogues."""
    for language in LANGUAGES:
        (app / "locale" / language / "LC_MESSAGES").mkdir(parents=True, exist_ok=True)
    with chdir(app):
        call_command(MakeMessages(), locale=list(LANGUAGES), add_location="file", no_obsolete=True, verbosity=0)


def compile_catalogues(app: Path) -> None:
    """Compile the catalogues of an app."""
    for compiled in app.glob("locale/*/LC_MESSAGES/*.mo"):
        # Django leaves alone what is newer than its source, which after a checkout says nothing about its content.
        compiled.unlink()
    with chdir(app):
        call_command(compilemessages.Command(), locale=list(LANGUAGES), verbosity=0)


def main() -> int:
    """Do it for every app, and return the exit code."""
    if missing := missing_tools():
        print(f"{', '.join(missing)} not found; install GNU gettext (apt-get install gettext)", file=sys.stderr)
        return 1
    settings.configure(USE_I18N=True)
    for app in APPS:
        extract(ROOT / app)
        compile_catalogues(ROOT / app)
    return 0


if __name__ == "__main__":
    sys.exit(main())
