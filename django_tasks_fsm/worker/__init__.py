"""The process that runs tasks. It knows claims and outcomes, never models: the store does the rest.

Threads: the *service* loop (main thread) owns one connection and, turn by turn, finishes and claims in one
transaction and does the duties; the *heart* renews the lease on a connection of its own; a *listener*, where the
database can notify, wakes the loop; *executors* run functions; the *announcer* sends Django's signals.
"""
