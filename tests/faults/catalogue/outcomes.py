"""Faults of functions."""

from __future__ import annotations

from tests.faults.catalogue.fault import Fault

OUTCOMES = (
    Fault(15, "A function raises", "The policy of its task decides: another attempt after a pause, or FAILED."),
    Fault(
        16,
        "It raises `SystemExit`, `GeneratorExit` or a `BaseException` of its own",
        "The attempt fails, and no further one follows. The worker lives on.",
    ),
    Fault(
        17,
        "It raises `KeyboardInterrupt` itself; a person presses Ctrl-C",
        "The first fails the attempt. The second is a signal to the worker and stops it gracefully.",
    ),
    Fault(
        18,
        "A coroutine raises `asyncio.CancelledError` without having been cancelled",
        "The attempt fails. It does not count as a cancel by a person.",
    ),
    Fault(
        19,
        "`SystemExit` or `KeyboardInterrupt` inside a coroutine, or in a task that it has started",
        "The attempt fails. The event loop and its other coroutines go on.",
    ),
    Fault(
        20,
        "`RecursionError`, `MemoryError`, or a `StopIteration` out of a coroutine",
        "An error like any other, which is tried again by policy.",
    ),
    Fault(
        21,
        "An exception that cannot be printed, pickled or constructed again",
        "Its class and what can be had of it are stored. Exceptions cross processes as text and are never pickled.",
    ),
    Fault(
        22,
        "A chain of a thousand causes, a traceback of megabytes, an exception group, locals that hold secrets",
        "Cut at a bound, with the head and the tail kept. Locals are never read.",
    ),
    Fault(
        23,
        "It returns what is no JSON: a set, bytes, an object, a generator, two keys that become one",
        "FAILED with Django's own words and without another attempt, for the work is done. What can be replaced by "
        "text without a loss is replaced.",
    ),
    Fault(
        24,
        "It returns NaN, Infinity, or a number of thousands of digits",
        "In a result the first two become null and the number a note of its length; arguments are refused.",
    ),
    Fault(25, "NUL in a text, a key, an error or a line of the log", "Replaced by a visible sign before it is stored."),
    Fault(26, "Halves of surrogate pairs in a text", "Replaced by their escapes before they are stored."),
    Fault(
        27,
        "Values nested thirty or thousands deep, or inside themselves",
        "A result is cut at a depth that every database stores, arguments are refused.",
    ),
    Fault(
        28,
        "A result of many megabytes",
        "A note with its size takes its place beyond `MAX_PAYLOAD_BYTES`.",
    ),
    Fault(
        29,
        "The outcome of a run cannot be stored for a reason of its own",
        "The other outcomes of the batch are stored. A small record takes the place of this one; while even that "
        "cannot be stored, it is kept and tried again.",
    ),
    Fault(
        30,
        "A function takes longer than its timeout",
        "A coroutine is cancelled, a child process is ended, a function on a thread is told by `context.check()` and "
        "given up five seconds later. The record says which.",
    ),
    Fault(
        31,
        "A coroutine blocks its event loop",
        "Heartbeats and functions on threads go on. What waits for that loop is handed back.",
    ),
    Fault(
        32,
        "A function holds the interpreter's lock in C for longer than the lease",
        "No thread of the process can send a heartbeat: another worker takes the run over, and the late outcome is "
        "dropped.",
    ),
    Fault(33, "A function never returns and never asks whether to stop", "As F30; a stop of the worker is bounded."),
    Fault(
        34,
        "A function enqueues itself, or ten thousand children",
        "Allowed, in a bounded number of statements; children are made once, however often their parent is tried.",
    ),
    Fault(
        35,
        "A function deletes its own run, or the row of its task",
        "The outcome changes no row and is dropped. The worker goes on.",
    ),
    Fault(
        36,
        "A function asks for its next round at a naive, past, far or impossible time",
        "A past time means now; what is no time of the kind that `USE_TZ` wants fails the attempt with a sentence.",
    ),
)
