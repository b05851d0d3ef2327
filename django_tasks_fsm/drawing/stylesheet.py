"""The style that a picture carries when it is a file of its own: plain colours, light and dark.

Programs other than browsers know no CSS variables and no ``color-mix``, so both are worked out here. What is not colour
is the same text as in ``fsm.css``.
"""

from __future__ import annotations

from collections.abc import Iterable

from django_tasks_fsm.drawing.palette import DARK, LIGHT, STATES, UNKNOWN, Theme, slug

SHAPE_RULES = (
    ".fsm-e { fill: none; stroke-width: 1.5; }",
    ".fsm-e-waiting { stroke-dasharray: 5 4; }",
    ".fsm-e-broken { stroke-dasharray: 1.5 4; stroke-width: 2.2; stroke-linecap: round; }",
    ".fsm-el { font-size: 10.5px; text-anchor: middle; }",
    ".fsm-box { stroke-width: 1.5; }",
    ".fsm-node.fsm-s-prepare .fsm-box { stroke-dasharray: 4 3; }",
    ".fsm-node.fsm-s-running .fsm-box { stroke-width: 2.5; }",
    ".fsm-node.fsm-s-cancelled .fsm-n { text-decoration: line-through; }",
    ".fsm-ring { fill: none; stroke-width: 1.8; }",
    ".fsm-n { font-size: 12.5px; font-weight: 600; }",
    ".fsm-m { font-size: 11px; }",
    ".fsm-i { stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }",
    ".fsm-i-ring, .fsm-i-line, .fsm-i-mark { fill: none; }",
    ".fsm-e-rest { stroke-dasharray: 1 3; }",
    ".fsm-rest .fsm-box { fill: none; stroke-dasharray: 2 3; }",
    ".fsm-wait { stroke-width: 2; stroke-dasharray: 2 3; }",
    ".fsm-axis, .fsm-now { stroke-width: 1; }",
    ".fsm-now { stroke-dasharray: 5 3; }",
    ".fsm-crit { stroke-width: 2.5; }",
    ".fsm-open { fill-opacity: .25; stroke-width: 1.5; }",
    ".fsm-hatch { stroke-width: 1.4; }",
    ".fsm-tick { font-size: 10px; text-anchor: middle; }",
    ".fsm-in { font-size: 10px; }",
    ".fsm-timeline .fsm-n { font-size: 11.5px; }",
)

_FILE_RULES = (
    '.fsm-graph, .fsm-timeline { font-family: "Segoe UI", system-ui, Roboto, "Helvetica Neue", Arial, sans-serif; }',
    ".fsm-box, .fsm-i-ring, .fsm-i-line { stroke: currentColor; }",
    ".fsm-bar, .fsm-i-fill, .fsm-run { fill: currentColor; }",
    ".fsm-open { stroke: currentColor; }",
    ".fsm-axis { stroke-opacity: .35; }",
)


def standalone_css(states: Iterable[str]) -> str:
    """Return the whole style for a picture that shows these states."""
    shown = sorted({slug(state) for state in states})
    dark = f"@media (prefers-color-scheme: dark) {{ {' '.join(_colours(DARK, shown))} }}"
    return "\n".join([*SHAPE_RULES, *_FILE_RULES, *_colours(LIGHT, shown), dark])


def _colours(theme: Theme, shown: Iterable[str]) -> list[str]:
    """Return the rules that differ between light and dark."""
    broken = _colour("failed", theme)
    rules = [
        f".fsm-ground, .fsm-i-hole, .fsm-in {{ fill: {theme.ground}; }}",
        f".fsm-i-mark, .fsm-hatch {{ stroke: {theme.ground}; }}",
        f".fsm-open + .fsm-in, .fsm-n {{ fill: {theme.text}; }}",
        f".fsm-m, .fsm-el, .fsm-tick {{ fill: {theme.quiet}; }}",
        f".fsm-ring, .fsm-now, .fsm-crit {{ stroke: {theme.text}; }}",
        f".fsm-e, .fsm-wait, .fsm-axis, .fsm-rest .fsm-box {{ stroke: {theme.edge}; }}",
        f".fsm-arrow {{ fill: {theme.edge}; }}",
        f".fsm-e-broken {{ stroke: {broken}; }}",
        f".fsm-arrow-broken, .fsm-el-broken {{ fill: {broken}; }}",
    ]
    for state in shown:
        colour = _colour(state, theme)
        rules.append(f".fsm-s-{state} {{ color: {colour}; }}")
        rules.append(f".fsm-s-{state} .fsm-box {{ fill: {mixed(colour, theme.ground, theme.tint)}; }}")
    return rules


def _colour(state: str, theme: Theme) -> str:
    look = STATES.get(state.upper(), UNKNOWN)
    return look.dark if theme is DARK else look.light


def mixed(colour: str, ground: str, percent: int) -> str:
    """Return ``percent`` of one colour on another; both as ``#rrggbb``."""
    shares = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round((above * percent + below * (100 - percent)) / 100):02x}" for above, below in shares)


def _channels(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
