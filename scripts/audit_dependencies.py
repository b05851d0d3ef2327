"""Ask the vulnerability service of the package index about everything that is installed here.

``python -m scripts.audit_dependencies``. A known weakness is a failure. A service that does not answer is none, and is
told as "not audited": many machines that run the tests reach package registries only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

SERVICE = os.environ.get("AUDIT_SERVICE", "https://pypi.org/pypi/pip/json")
OURS = "django-tasks-fsm"
PATIENCE = 10
"""Seconds for the service to answer at all, the look-up of its name included."""
MOST = 120
PROBE = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5).read(1)"


class NotAudited(Exception):
    """Say why nothing could be found out."""


def main() -> int:
    """Print what is known, and return 1 where it is bad."""
    try:
        ask_service(SERVICE)
        found = list(weaknesses(report(pinned())))
    except NotAudited as reason:
        print(f"dependencies: NOT AUDITED: {reason}")
        return 0
    print("\n".join(found) or f"dependencies: no known weakness in {len(pinned())} distributions")
    return int(bool(found))


def ask_service(address: str) -> None:
    """Raise NotAudited where the service does not answer."""
    # A process of its own: nothing else bounds the time that looking up a name may take.
    try:
        asked = subprocess.run(
            [sys.executable, "-c", PROBE, address], capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotAudited(f"{address} does not answer within {PATIENCE} s") from None
    if asked.returncode:
        last = asked.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NotAudited(f"{address} does not answer: {last}")


def pinned() -> list[str]:
    """Return what is installed, but for this project, as lines of a requirements file."""
    found = {dist.metadata["Name"]: dist.version for dist in distributions() if dist.metadata["Name"]}
    return [f"{name}=={version}" for name, version in sorted(found.items()) if name != OURS]


def report(lines: list[str]) -> dict[str, Any]:
    """Return what pip-audit, in an environment of its own, says about these versions; raise NotAudited."""
    with tempfile.TemporaryDirectory(prefix="audit-") as directory:
        listed = Path(directory, "requirements.txt")
        listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        venv.create(Path(directory, "venv"), with_pip=True)
        python = str(Path(directory, "venv", "Scripts" if os.name == "nt" else "bin", "python"))
        run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "pip-audit>=2.7")
        said = run(
            python, "-m", "pip_audit", "--disable-pip", "--no-deps", "-r", str(listed), "-f", "json", codes=(0, 1)
        )
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        raise NotAudited("pip-audit has printed no report, so the service has refused to give one") from None
    return found


def run(*command: str, codes: tuple[int, ...] = (0,)) -> str:
    """Return what a command prints; raise NotAudited where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST, check=False)
    except subprocess.TimeoutExpired:
        raise NotAudited(f"{' '.join(command[1:4])} takes more than {MOST} s") from None
    if done.returncode not in codes:
        raise NotAudited(f"{' '.join(command[1:4])}: {done.stderr.strip()[-500:]}")
    return done.stdout


def weaknesses(found: dict[str, Any]) -> Iterator[str]:
    """Give a line for each known weakness of a report."""
    for dependency in found.get("dependencies", ()):
        for weakness in dependency.get("vulns", ()):
            fixed = ", ".join(weakness.get("fix_versions", ())) or "no version yet"
            yield f"{dependency['name']} {dependency['version']}: {weakness['id']}, fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
