"""A verification makes thousands of steps; the database hears of a few."""

from __future__ import annotations

from audit.throttle import PAUSE, Throttled

Step = tuple[int, int, str]


def reported(seconds: list[float]) -> list[int]:
    """Return the steps that are passed on when step n of ``len(seconds) - 1`` comes at ``seconds[n]``."""
    seen: list[int] = []
    throttled = Throttled(lambda done, total, note: seen.append(done), clock=iter(seconds).__next__)
    for done in range(1, len(seconds)):
        throttled(done, len(seconds) - 1, "file.py")
    return seen


def test_quick_verification_reports_its_end_only() -> None:
    assert reported([0.0, 0.01, 0.02, 0.03]) == [3]


def test_pause_lies_between_two_reports() -> None:
    assert reported([step * PAUSE / 4 for step in range(13)]) == [4, 8, 12]


def test_slow_files_are_all_reported() -> None:
    assert reported([0.0, 1.0, 2.0, 3.0]) == [1, 2, 3]
