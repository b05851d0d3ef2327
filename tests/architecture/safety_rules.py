"""What is not done at all: code from data, markup without escaping, swallowed errors, clocks in the core."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.rule import Breach, rule
from tests.architecture.source import Module

UNSAFE_PACKAGES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "yaml"}
CODE_CALLS = {"eval", "exec", "compile", "__import__"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
IMPORTERS = {"import_string", "import_module"}
UNESCAPED = {"mark_safe", "SafeString", "SafeText"}
CLOCKS = (
    "timezone.now", "timezone.localtime", "timezone.localdate",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "time.time", "time.time_ns", "time.localtime", "time.gmtime",
)  # fmt: skip


@rule("no-code-from-data")
def no_code_from_data(module: Module) -> Iterator[Breach]:
    """Find pickles and evaluated text."""
    for found in module.imports:
        if found.name.split(".")[0] in UNSAFE_PACKAGES:
            yield found.line, f"{found.name}: payloads are JSON, because reading them must not run code"
    for call, name in module.calls():
        if name in CODE_CALLS:
            yield call.lineno, f"{name}(): text must not become code"


@rule("no-shell")
def no_shell(module: Module) -> Iterator[Breach]:
    """Find commands that a shell would read."""
    for call, name in module.calls():
        if name in SHELLS or any(given.arg == "shell" for given in call.keywords):
            yield call.lineno, f"{name}(): give a program and its arguments as a list, which nothing reads again"


@rule("nothing-is-imported-by-name")
def nothing_is_imported_by_name(module: Module) -> Iterator[Breach]:
    """Find imports of what a text names."""
    for call, name in [*module.calls(), *((node, dotted_last(node)) for node in mapped(module))]:
        if name.rpartition(".")[2] in IMPORTERS:
            yield (
                call.lineno,
                f"{name}(): rows name what the registry knows; list the room if the text is the project's",
            )


def mapped(module: Module) -> Iterator[ast.expr]:
    """Give what is called for each of many, as in ``map(import_module, names)``."""
    for call, name in module.calls():
        if name == "map" and call.args:
            yield call.args[0]


@rule("markup-is-escaped")
def markup_is_escaped(module: Module) -> Iterator[Breach]:
    """Find text that is declared safe."""
    for found in module.imports:
        if found.name.rpartition(".")[2] in UNESCAPED:
            yield found.line, f"{found.name}: use format_html, or list the room with the reason why its text is escaped"


@rule("errors-are-not-swallowed")
def errors_are_not_swallowed(module: Module) -> Iterator[Breach]:
    """Find handlers that catch everything by accident, or everything in silence."""
    for node in module.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield node.lineno, "bare except: name what is expected"
        elif dotted_last(node.type) in ("Exception", "BaseException") and is_silent(node.body):
            yield node.lineno, "every error is swallowed: log it, or name what is expected"


@rule("core-has-no-clock")
def core_has_no_clock(module: Module) -> Iterator[Breach]:
    """Find readers of the wall clock in the core, which gets the time as an argument."""
    for call, name in module.calls():
        if module.room == "core" and name.endswith(CLOCKS):
            yield call.lineno, f"{name}(): the core gets the time as an argument"


@rule("one-pair-of-dice")
def one_pair_of_dice(module: Module) -> Iterator[Breach]:
    """Find chance that nobody can seed: the dice of the module ``random``, and new ones without a seed."""
    for call, name in module.calls():
        package, _, what = name.rpartition(".")
        is_seeded = what == "Random" and bool(call.args)
        if (package == "random" or name == "Random") and not is_seeded and module.path != "core/dice.py":
            yield call.lineno, f"{name}(): core.dice has the dice, so that tests can seed them"


def dotted_last(node: ast.expr) -> str:
    """Return the last part of a name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def is_silent(body: list[ast.stmt]) -> bool:
    """Return whether a handler's body does nothing."""
    return all(
        isinstance(statement, ast.Pass | ast.Continue)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in body
    )
