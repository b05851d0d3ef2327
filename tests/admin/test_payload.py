"""Payloads for people: readable, and short."""

from __future__ import annotations

from django_tasks_fsm.admin.payload import MOST, pretty


def test_a_long_payload_is_cut_and_says_so() -> None:
    text = pretty("x" * (MOST * 2))
    assert len(text) < MOST + 100
    assert text.endswith("more characters]")


def test_text_of_any_language_stays_readable() -> None:
    assert pretty({"name": "Ünïcödé 雪"}) == '{\n  "name": "Ünïcödé 雪"\n}'
