"""The rules of the house hold everywhere, except where exemptions.py says why not."""

from __future__ import annotations

import pytest

from tests.architecture import import_rules, safety_rules, shape_rules, sql_rules, state_rules  # noqa: F401
from tests.architecture.examples import BROKEN, KEPT
from tests.architecture.exemptions import EXEMPTIONS
from tests.architecture.rule import RULES, breaches
from tests.architecture.source import PACKAGE, ROOT, Module, modules


@pytest.mark.fault("F81")
@pytest.mark.parametrize("name", RULES)
def test_the_package_keeps_the_rule(name: str) -> None:
    found = [
        breach for module in modules() if (name, module.path) not in EXEMPTIONS for breach in breaches(name, module)
    ]
    assert not found, f"{name}: {RULES[name].__doc__}\n" + "\n".join(found)


@pytest.mark.parametrize("name", RULES)
def test_the_rule_finds_what_breaks_it(name: str) -> None:
    missed = [source for path, source in BROKEN[name] if not breaches(name, Module(path, source))]
    assert not missed


@pytest.mark.parametrize("name", RULES)
def test_the_rule_leaves_the_rest_alone(name: str) -> None:
    assert [breach for path, source in KEPT[name] for breach in breaches(name, Module(path, source))] == []


@pytest.mark.parametrize(("name", "path"), EXEMPTIONS)
def test_the_exemption_is_still_needed(name: str, path: str) -> None:
    module = Module(path, (ROOT / PACKAGE / path).read_text(encoding="utf-8"))
    assert breaches(name, module), f"{path} keeps {name} by now: take it off EXEMPTIONS"
    assert len(EXEMPTIONS[name, path]) > 20, "say why"
