"""Faults of the admin, the command line and the log."""

from __future__ import annotations

from tests.faults.catalogue.fault import Fault

WEB = (
    Fault(
        77,
        "Scripts and markup in names, arguments, results, errors, lines of the log",
        "Shown as text on every page and in every picture.",
    ),
    Fault(
        78,
        "Names that mean something to Graphviz: `<..>`, a backslash at the end, `\\N`, NUL, 20 kB",
        "Plain labels with a cap; the graph is still drawn.",
    ),
    Fault(
        79,
        "A verb by GET, without the token, or by somebody without the permission or the object",
        "405, 403 or 404, and no row changes.",
    ),
    Fault(
        80,
        "A person names `os.system`, `eval` or any path as a function",
        "Only registered functions are accepted, and the worker looks them up again in its registry.",
    ),
    Fault(81, "pickle, marshal or yaml anywhere", "Not used: what is stored and what crosses processes is JSON."),
    Fault(82, "Line ends and control signs in what is logged", "Escaped: one event is one line."),
    Fault(
        83,
        "Hostile query strings: orderings and lookups through relations, huge page numbers",
        "Answered with the page or with 400; only listed orderings and filters work.",
    ),
    Fault(
        84,
        "Secrets in arguments, results and tracebacks",
        "Masked by the name of their key, shown to those with the permission only, and locals are never kept.",
    ),
)
