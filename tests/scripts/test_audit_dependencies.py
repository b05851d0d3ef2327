"""The audit of dependencies: a known weakness fails, and a service that does not answer is told, never guessed."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from scripts import audit_dependencies as audit

WEAK = {"name": "oldlib", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}]}
WELL = {"name": "newlib", "version": "3.0", "vulns": []}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service seem to answer."""
    monkeypatch.setattr(audit, "ask_service", lambda address: None)


def test_a_service_that_cannot_be_reached_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "SERVICE", "http://127.0.0.1:9/")
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("dependencies: NOT AUDITED: http://127.0.0.1:9/ does not answer: ")


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([WELL, WEAK], 1, "oldlib 1.0: PYSEC-1, fixed in 1.1, 2.0\n"),
        ([{**WEAK, "vulns": [{"id": "PYSEC-2", "fix_versions": []}]}], 1, "PYSEC-2, fixed in no version yet\n"),
        ([WELL, {"name": "unknown", "skip_reason": "not there"}], 0, "dependencies: no known weakness in "),
    ],
)
def test_a_known_weakness_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dependencies: list[Any], code: int, said: str
) -> None:
    monkeypatch.setattr(audit, "report", lambda lines: {"dependencies": dependencies})
    assert audit.main() == code
    assert said in capsys.readouterr().out


def test_a_report_that_is_none_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("venv.create", lambda *args, **kwargs: None)
    monkeypatch.setattr(audit, "run", lambda *args, **kwargs: "the service has sent 503")
    with pytest.raises(audit.NotAudited, match="no report"):
        audit.report(["a==1"])
    monkeypatch.setattr(audit, "run", lambda *args, **kwargs: json.dumps({"dependencies": [WELL]}))
    assert audit.report(["a==1"]) == {"dependencies": [WELL]}


def test_everything_but_this_project_is_asked_about() -> None:
    names = {line.partition("==")[0] for line in audit.pinned()}
    assert {"Django", "croniter"} <= names
    assert audit.OURS not in names


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(audit.NotAudited, match="no such thing"):
        audit.run(sys.executable, "-c", "raise SystemExit('no such thing')")
