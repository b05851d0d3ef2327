"""Faults of processes."""

from __future__ import annotations

from tests.faults.catalogue.fault import Fault

PROCESSES = (
    Fault(
        1,
        "A worker is killed: while it is idle, after a claim, in the middle of a function, before or after the outcome "
        "is stored",
        "Another worker takes the run over when the lease is over. The attempt has been charged, one final state is "
        "written. A run whose end was stored is left alone.",
    ),
    Fault(
        2,
        "A worker is asked to stop (SIGTERM), at any of these moments",
        "It claims nothing more. What ends within the grace is stored, the rest is given back and charged nothing. "
        "The exit code is 0.",
    ),
    Fault(
        3,
        "A second SIGTERM or SIGINT",
        "Everything is given back at once, whatever the grace. The exit code is 1.",
    ),
    Fault(
        4,
        "A worker is suspended for longer than its lease, and wakes up (SIGSTOP, SIGCONT; a laptop that sleeps)",
        "Another worker has taken the run over. The late outcome changes no row and is logged as `stale result "
        "dropped`; the worker goes on with other work.",
    ),
    Fault(
        5,
        "Whoever holds the write lock of a SQLite file is suspended, or killed",
        "The others wait for `timeout`, try again with growing pauses, and go on when the lock is free. Nothing is "
        "lost; what the killed one had not committed never was.",
    ),
    Fault(
        6,
        "A function takes its worker along: `os._exit`, a segmentation fault, the kernel's memory killer",
        "As F1, for every run that the process held.",
    ),
    Fault(
        7,
        "The same in a child process of the process executor",
        "Its own run fails, or is tried again by its policy. The worker and its other children notice nothing, and "
        "another child takes the place.",
    ),
    Fault(
        8,
        "One run takes down every worker that tries it",
        "After `MAX_LOSSES` (3) it is FAILED as poison, and the workers live on.",
    ),
    Fault(
        9,
        "A function forks, and returns in the child as well",
        "The child ends at once with exit code 70. Only the parent's return counts, on threads, on event loops, inline "
        "and in child processes.",
    ),
    Fault(
        10,
        "A function leaves threads or processes behind when it returns",
        "Threads do not keep a worker from ending. What a function has started in a child process of the process "
        "executor is killed with that child.",
    ),
    Fault(
        11,
        "A function changes what belongs to its whole process: signal handlers, the working directory, the umask, "
        "environment variables",
        "The handlers for SIGTERM and SIGINT are put back after each function that could change them, with a line in "
        "the log. The rest stays changed for all functions of the process; the process executor keeps it from the "
        "worker.",
    ),
    Fault(
        12,
        "Two workers are started under one name",
        "The name is a label. Each process has an id of its own, by which it holds runs.",
    ),
    Fault(
        13,
        "Nobody reads what a worker prints, or a handler of its log raises",
        "The worker goes on and stores every outcome.",
    ),
    Fault(
        14,
        "Two workers rescue the same run, or one is suspended between looking and writing",
        "One UPDATE wins, by the fence and by the row of the lost worker, which is locked meanwhile.",
    ),
)
