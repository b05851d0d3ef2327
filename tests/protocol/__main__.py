"""Search the protocols and print what was found: ``python -m tests.protocol``.

``--write`` puts it into the documentation. ``--workers 3`` and ``--runs 2`` search larger ones, with all guards.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.protocol import report
from tests.protocol.run_model import RunProtocol
from tests.protocol.search import Found
from tests.protocol.slot_model import SlotProtocol


def main(arguments: list[str]) -> int:
    """Search and print; return 1 where a protocol does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.protocol")
    parser.add_argument("--workers", type=int, default=2, help="as many workers and schedulers")
    parser.add_argument("--runs", type=int, default=1, help="as many runs; with several, no person does anything")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/explanation/model.md")
    said = parser.parse_args(arguments)
    if said.write:
        report.PAGE.write_text(report.page(), encoding="utf-8")
        return 0
    if (said.workers, said.runs) == (2, 1):
        print("\n".join(report.lines()))
        return 0
    hold = [_holds(*one) for one in _large(said.workers, said.runs)]
    return int(not all(hold))


def _large(workers: int, runs: int) -> list[tuple[str, RunProtocol | SlotProtocol]]:
    run = RunProtocol(workers=workers, runs=runs, has_people=runs == 1)
    return [(f"{runs} runs, {workers} workers", run), (f"{workers} schedulers", SlotProtocol(schedulers=workers))]


def _holds(name: str, protocol: RunProtocol | SlotProtocol) -> bool:
    began = time.monotonic()
    found: Found = protocol.check()
    print(f"{name}: {found.states:,} states in {time.monotonic() - began:.1f} s: {found.breaks or 'nothing breaks'}")
    print("".join(f"  {step}\n" for step in found.trace), end="")
    return found.holds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
