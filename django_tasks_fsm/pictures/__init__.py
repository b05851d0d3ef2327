"""Rows of tasks and runs as records for the drawing room; reads what is shown, however large the graph.

``around`` walks from row to row, ``runs`` and ``tasks`` read them, ``run_graph``, ``task_graph`` and ``timeline`` make
the records. Admin and command line show them.
"""

from __future__ import annotations
