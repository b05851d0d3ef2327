"""Take one guard after the other out of a copy of the checkout, and see whether the tests notice.

``python -m scripts.mutants [words of names]``, from the checkout. TASKS_FSM_TEST_DATABASE limits the vendors. The table
says for each guard which test failed first. The exit code is 1 where none did (SURVIVED: a test is missing), where a
patch does not apply or its tests cannot be run (INVALID: the list in tests/mutants is stale), and where the tests do
not even pass with nothing taken out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

from tests.mutants.listed import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.workshop import GOOD, KILLED, Verdict, Workshop, workshop
from tests.servers.choice import VENDOR, VENDORS

AT_ONCE = 2


def main(words: list[str]) -> int:
    """Try the mutants whose names hold one of the words, print the table, and return the exit code."""
    vendors = [name for name in os.environ.get(VENDOR, "").split(",") if name]
    chosen = [one for one in MUTANTS if not words or any(word in one.name for word in words)]
    chosen = [one for one in chosen if not vendors or one.vendor in vendors]
    if not_ready := unready(chosen):
        print(not_ready)
        return 1
    verdicts = tried(chosen)
    bad = [verdict for verdict in verdicts if verdict.word not in GOOD]
    for verdict in bad:
        print(f"\n{verdict.word}: {verdict.mutant.name} ({verdict.mutant.file})\n{verdict.told}")
    print(f"\n{len(verdicts)} guards taken out, {len(verdicts) - len(bad)} noticed by a test")
    return int(bool(bad) or not verdicts)


def unready(mutants: Sequence[Mutant]) -> str:
    """Return what is wrong with the tests where nothing is taken out: they could not tell the difference."""
    with workshop() as shop:
        found = [shop.failing(mutants, vendor) for vendor in VENDORS]
    return "\n".join(filter(None, found))


def tried(mutants: Sequence[Mutant]) -> list[Verdict]:
    """Try the mutants, some at once, and print the table as it grows."""
    print("| what is taken out | of | database | noticed by | room | s |\n|---|---|---|---|---|---|", flush=True)
    with ExitStack() as stack:
        free: SimpleQueue[Workshop] = SimpleQueue()
        for _ in range(AT_ONCE):
            free.put(stack.enter_context(workshop()))

        def try_out(mutant: Mutant) -> Verdict:
            shop = free.get()
            try:
                return shop.try_out(mutant)
            finally:
                free.put(shop)

        verdicts = []
        for verdict in stack.enter_context(ThreadPoolExecutor(AT_ONCE)).map(try_out, mutants):
            print(line(verdict), flush=True)
            verdicts.append(verdict)
        return verdicts


def line(verdict: Verdict) -> str:
    """Return a verdict as a line of the table."""
    mutant = verdict.mutant
    test = verdict.told.partition("[")[0].rpartition("::")[2] if verdict.word == KILLED else verdict.word
    found = f"| {mutant.name} | `{mutant.file}` | {mutant.vendor} | {test} | {mutant.layer} |"
    return f"{found} {verdict.seconds:.0f} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
