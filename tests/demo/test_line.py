"""On a terminal one line is overwritten; elsewhere a line is added when a second has passed and something is new."""

from __future__ import annotations

import io

from django.core.management.base import OutputWrapper

from demo.line import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(out: io.StringIO, steps: list[tuple[float, str]]) -> str:
    """Show each text at its time and end with the last."""
    moment = 0.0
    line = ProgressLine(OutputWrapper(out), clock=lambda: moment)
    for moment, text in steps:  # noqa: B007 - the clock reads it
        line.show(text)
    line.end(text)
    return out.getvalue()


def test_terminal_line_is_overwritten_and_stays_in_the_end() -> None:
    written = shown(Terminal(), [(0.1, "one"), (0.2, "two")])

    assert written == "\r  0.1 s  one\x1b[K\r  0.2 s  two\x1b[K\r  0.2 s  two\x1b[K\n"


def test_long_terminal_line_is_cut_to_the_width() -> None:
    written = shown(Terminal(), [(0.1, "x" * 500)])

    assert max(len(line) for line in written.split("\r")) < 100


def test_pipe_gets_a_line_a_second_when_there_is_something_new() -> None:
    steps = [(0.5, "one"), (1.5, "two"), (2.0, "three"), (3.0, "two"), (4.0, "four")]

    assert shown(io.StringIO(), steps).split("\n") == ["  1.5 s  two", "  4.0 s  four", ""]


def test_pipe_gets_the_end_at_once() -> None:
    assert shown(io.StringIO(), [(0.1, "done")]) == "  0.1 s  done\n"
