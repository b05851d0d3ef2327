"""Faults of databases."""

from __future__ import annotations

from tests.faults.catalogue.fault import Fault

DATABASE = (
    Fault(
        37,
        "The server ends connections: those of the loop, of the heartbeat, of a function",
        "They are opened again, and the whole transaction is repeated.",
    ),
    Fault(
        38,
        "The server crashes, restarts or is away for long",
        "Workers stay and try again, after pauses that grow to 30 seconds and differ by chance. Whoever has seen the "
        "outage waits one lease before it takes anybody for lost.",
        "A MariaDB that crashes: `make chaos` crashes one of its own.",
    ),
    Fault(
        39,
        "A COMMIT has succeeded and its answer is lost",
        "The repeat finds what was stored and changes nothing: no run is made twice, no outcome written twice, no "
        "claim held for ever.",
    ),
    Fault(
        40,
        "A deadlock, a serialization failure or a lock timeout",
        "The whole transaction is repeated after a pause, a bounded number of times.",
    ),
    Fault(
        41,
        "The same around `enqueue` in a transaction of the caller's",
        "Nothing is caught and nothing is repeated: the error is the caller's, and so is the rollback.",
    ),
    Fault(
        42,
        "SQLite is locked, full or read-only, or its file is deleted",
        "Outcomes are kept and tried again with growing pauses, and stored when the file can be written to again. "
        "A worker whose file was deleted or replaced ends with exit code 1, because it alone would still see the old "
        "one.",
    ),
    Fault(
        43,
        "The server takes no more connections",
        "Whoever gets none waits and tries again; who has one goes on.",
    ),
    Fault(
        44,
        "A pooler hands each transaction another connection (pgbouncer)",
        "Nothing relies on the state of a session. A notification that is lost costs at most `--interval`.",
        "No pooler is installed where the tests run. What is tried is that work is found without notifications.",
    ),
    Fault(
        45,
        "Reads go to a replica that lags behind",
        "Verbs, the admin and workers read and write where rows are written.",
    ),
    Fault(
        46,
        "A function leaves a transaction open, turns autocommit off, or closes its connection",
        "The connection is rolled back, or closed, after the run, and the log names the run. The next run finds one "
        "that works.",
    ),
    Fault(
        47,
        "A function changes its session: time zone, role, read-only, temporary tables",
        "The books are kept on another connection. The function's own is closed after the run unless `CONN_MAX_AGE` "
        "keeps it.",
    ),
    Fault(
        48,
        "The time zone of the server or of the session is not UTC",
        "The clock that decides what is due is asked for UTC and is not shifted.",
    ),
    Fault(
        49,
        "The settings ask for REPEATABLE READ or SERIALIZABLE",
        "The transactions of this app are READ COMMITTED all the same, and a check warns.",
    ),
    Fault(
        50,
        "Somebody keeps rows locked, or a whole table, as a migration does",
        "Slow and not wrong: what is locked waits, and goes on when the lock is gone.",
    ),
    Fault(
        51,
        "Two versions of the code run together while a new one is deployed",
        "Migrate first: workers of the former release go on with the new tables and share the work with new ones. "
        "Functions that a worker does not know wait for one that does.",
    ),
    Fault(
        52,
        "A backup is restored: runs are RUNNING that nobody holds, and times lie in the past",
        "They are taken over, and fences go on from where they were. Stop the workers before a backup is restored.",
    ),
)
