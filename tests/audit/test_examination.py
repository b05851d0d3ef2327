"""A file is judged within the environment that it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.examination import environment_prefix


@pytest.mark.parametrize(
    ("location", "prefix"),
    [
        ("environment/lib/python3.11/site-packages", "environment"),
        ("usr/lib/python3/dist-packages", "usr"),
        ("environment/Lib/site-packages", "environment"),
        ("lib/copies/of/site-packages", "lib/copies/of/site-packages"),
        ("lib/target", "lib/target"),
    ],
)
def test_prefix_is_the_environment_around_the_location(tmp_path: Path, location: str, prefix: str) -> None:
    assert environment_prefix(str(tmp_path / location)) == str((tmp_path / prefix).resolve())
