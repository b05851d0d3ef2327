"""The demonstration: one command that migrates, audits this environment, and serves what has come of it.

``play`` is the order of events. ``account``, ``database`` and ``environment`` prepare; ``worker`` and ``server`` are
what must be stopped in the end; ``watch``, ``line`` and ``verdict`` tell the person at the terminal how it goes.
"""
