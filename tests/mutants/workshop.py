"""A copy of the checkout in which one guard after the other is taken out and the tests that must notice are run."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.mutant import DoesNotApply, Mutant

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "django_tasks_fsm"
SECONDS = 120.0
"""Seconds after which tests count as hung: the guard was noticed, but by a test without a deadline."""

KILLED, HUNG, SURVIVED, INVALID = "killed", "hung", "SURVIVED", "INVALID"
GOOD = (KILLED, HUNG)
FAILED_CODE = 1

_CULPRIT = re.compile(r"^(?:FAILED|ERROR) tests/(\S+)", re.MULTILINE)
_OURS = re.compile("^(TASKS_FSM_|DATABASE_URL|PYTEST_|DJANGO_SETTINGS_MODULE|COV)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant; ``told`` is the test that failed, or the end of what pytest said."""

    mutant: Mutant
    word: str
    seconds: float
    told: str = ""


class Workshop:
    """A directory with a copy of the checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in _names():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # somebody is at work on it
                shutil.copy2(ROOT / name, root / name)

    def failing(self, mutants: Sequence[Mutant], vendor: str) -> str:
        """Run the tests of these mutants as they are; return what pytest said where they do not pass."""
        tests = " ".join(dict.fromkeys(test for one in mutants if one.vendor == vendor for test in one.tests.split()))
        code, said = self._run(tests, vendor, len(mutants) * SECONDS) if tests else (0, "")
        return "" if code == 0 else f"{vendor}: they do not pass as they are\n{said[-3000:]}"

    def try_out(self, mutant: Mutant, seconds: float = SECONDS) -> Verdict:
        """Take the guard out, run its tests, put it back, and return what happened."""
        began = time.monotonic()
        try:
            with self._changed(mutant):
                code, said = self._run(mutant.tests, mutant.vendor, seconds)
        except DoesNotApply as error:
            return Verdict(mutant, INVALID, 0.0, str(error))
        word = {None: HUNG, FAILED_CODE: KILLED, 0: SURVIVED}.get(code, INVALID)
        culprit = _CULPRIT.search(said)
        told = culprit[1] if culprit and word == KILLED else said[-1500:]
        return Verdict(mutant, word, time.monotonic() - began, told)

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[None]:
        path = self.root / PACKAGE / mutant.file
        before = path.read_text() if path.exists() else ""
        mutant.apply(self.root / PACKAGE)
        try:
            self._forget_bytecode(path)
            yield
        finally:
            path.write_text(before)
            self._forget_bytecode(path)

    def _forget_bytecode(self, path: Path) -> None:
        # What was compiled a moment ago may bear the same size and second as the file has now.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()

    def _run(self, tests: str, vendor: str, seconds: float) -> tuple[int | None, str]:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider"]
        environment = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
        # Before the environment's own path, which leads to the checkout itself.
        environment |= {"PYTHONPATH": str(self.root), "TASKS_FSM_TEST_DATABASE": vendor}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        process = subprocess.Popen(
            [*command, *tests.split()],
            cwd=self.root, env=environment, start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            return None, said
        return process.returncode, said


def said_by_git(*arguments: str) -> str:
    """Return what git says of the checkout; nothing where there is no git, or no repository."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _names() -> list[str]:
    """Return the files of the checkout, also those that are not committed yet, without what is ignored."""
    if listed := said_by_git("ls-files", "-z", "--cached", "--others", "--exclude-standard"):
        return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    parts = [ROOT / name for name in (PACKAGE, "docs", "scripts", "tests", "testproject")]
    files = [file for part in parts for file in part.rglob("*") if "__pycache__" not in file.parts]
    return [str(file.relative_to(ROOT)) for file in (*files, *ROOT.glob("*")) if file.is_file()]


@contextmanager
def workshop() -> Iterator[Workshop]:
    """Give a copy of the checkout that is deleted at the end."""
    with TemporaryDirectory(prefix="tasks-fsm-mutants-") as directory:
        yield Workshop(Path(directory))
