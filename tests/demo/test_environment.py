"""A person names an environment, or the directory in it where distributions lie."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management.base import CommandError

from demo.environment import directories


def test_nothing_means_the_running_interpreter() -> None:
    assert directories(None) is None


def test_environment_means_its_site_packages_once(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (tmp_path / "lib64").symlink_to("lib")

    assert directories(str(tmp_path)) == [str(site)]


def test_other_directory_means_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path.parent)

    assert directories(tmp_path.name) == [str(tmp_path)]


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere' is not a directory\. Name a virtual environment"):
        directories(str(tmp_path / "nowhere"))
