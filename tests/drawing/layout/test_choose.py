from __future__ import annotations

import pytest

from django_tasks_fsm.drawing.errors import LayoutFailed, UnknownEngine
from django_tasks_fsm.drawing.layout import dot, layered
from django_tasks_fsm.drawing.layout.choose import candidates, lay_out
from tests.drawing.layout.graphs import cards, links, overlapping, task_pairs


def broken(*args, **kwargs):
    raise RuntimeError("out of luck")


def test_auto_is_graphviz_where_it_is_installed(fake_dot):
    fake_dot("exit 0")
    assert candidates("auto") == ("graphviz", "builtin")


def test_auto_is_the_builtin_engine_on_a_fresh_machine(no_dot):
    assert candidates("auto") == ("builtin",)
    assert lay_out(cards(2), links([(0, 1)])).engine == "builtin"


def test_the_builtin_engine_can_be_insisted_on(fake_dot):
    fake_dot("exit 0")
    assert candidates("builtin") == ("builtin",)


@pytest.mark.skipif(not dot.is_installed(), reason="Graphviz is not installed")
def test_graphviz_does_it_where_it_can():
    pairs = task_pairs(40)
    plan = lay_out(cards(40), links(pairs), "graphviz")
    assert plan.engine == "graphviz"
    assert overlapping(plan.centres, cards(40)) == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [("exec /bin/sleep 60", "more than 0.1 s"), ("echo garbage", "not understood"), ("exit 1", "code 1")],
)
def test_the_builtin_engine_stands_in_where_graphviz_fails_and_the_log_says_why(fake_dot, caplog, script, reason):
    fake_dot(script)
    plan = lay_out(cards(3), links([(0, 1), (1, 2)]), "graphviz", timeout=0.1)
    assert plan.engine == "builtin"
    assert reason in caplog.text


def test_a_wished_for_graphviz_that_is_missing_is_replaced_and_logged(no_dot, caplog):
    assert lay_out(cards(1), [], "graphviz").engine == "builtin"
    assert "Install Graphviz" in caplog.text


def test_the_failure_of_both_names_both_reasons(no_dot, monkeypatch):
    monkeypatch.setattr(layered, "arrange", broken)
    with pytest.raises(LayoutFailed, match=r"graphviz: .*not on the path.*builtin: out of luck.*table") as failure:
        lay_out(cards(1), [], "graphviz")
    assert len(failure.value.reasons) == 2


def test_an_unknown_engine_is_named_with_the_choices():
    with pytest.raises(UnknownEngine, match=r"'neato' is no layout engine.*auto, builtin, graphviz"):
        lay_out(cards(1), [], "neato")  # type: ignore[arg-type]


def test_the_same_graph_is_arranged_once(monkeypatch):
    first = lay_out(cards(2), links([(0, 1)]), "builtin")
    monkeypatch.setattr(layered, "arrange", broken)
    assert lay_out(cards(2), links([(0, 1)]), "builtin") is first


def test_nothing_is_a_plan_too():
    assert lay_out([], []).centres == ()
