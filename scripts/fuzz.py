"""Try the property tests with random values until the time is up or one fails; each round prints its seed.

``python -m scripts.fuzz [--minutes 10] [--seed 7] [pytest arguments]``, from the checkout. The database is the one that
TASKS_FSM_TEST_DATABASE names, or SQLite. With ``--seed`` there is one round, which repeats the one of that seed.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.properties import FUZZ

TIMES = "20"
"""How many times the usual number of values each property is tried with in a round."""


def main(arguments: list[str]) -> int:
    """Run rounds and return the exit code of the last one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int)
    given, rest = parser.parse_known_args(arguments)
    end = time.monotonic() + given.minutes * 60
    while True:
        seed = random.SystemRandom().randrange(10**9) if given.seed is None else given.seed
        print(f"\n== to repeat this round: make fuzz SEED={seed}", flush=True)
        code = one_round(seed, rest)
        if code or given.seed is not None or time.monotonic() >= end:
            return code


def one_round(seed: int, arguments: list[str]) -> int:
    """Try every property from a seed and return pytest's exit code."""
    chosen = [argument for argument in arguments if argument.startswith("tests")]
    rest = [argument for argument in arguments if argument not in chosen]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "hypothesis", f"--hypothesis-seed={seed}"]
    environment = {**os.environ, FUZZ: os.environ.get(FUZZ, TIMES)}
    return subprocess.run([*command, *rest, *(chosen or files())], env=environment, check=False).returncode


def files() -> list[str]:
    """Return the files that hold property tests: collecting all others takes longer than many a property."""
    return sorted(
        str(path) for path in Path("tests").rglob("test_*.py") if "from hypothesis import" in path.read_text()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
