"""An editable installation is told from one that came from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audit.verification import verify

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment

METADATA = "sample-1.0.dist-info"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"{METADATA}/direct_url.json", b'{"url": "file:///source", "dir_info": {"editable": true}}'),
        ("__editable__.sample-1.0.pth", b"import __editable___sample_finder\n"),
        ("sample.pth", b"# where the code is\n/source/sample\n"),
    ],
)
def test_editable_installation_is_not_verifiable(
    scratch_environment: ScratchEnvironment, path: str, content: bytes
) -> None:
    scratch_environment.install("sample", {path: content})

    assert "editable" in str(verify("sample", scratch_environment.location)["unverifiable"])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"{METADATA}/direct_url.json", b'{"url": "https://example.org/sample.whl", "archive_info": {}}'),
        (f"{METADATA}/direct_url.json", b"[broken"),
        ("sample.pth", b"import sample_hook\n"),
    ],
)
def test_other_installations_from_elsewhere_are_verified(
    scratch_environment: ScratchEnvironment, path: str, content: bytes
) -> None:
    scratch_environment.install("sample", {path: content})

    report = verify("sample", scratch_environment.location)

    assert (report["unverifiable"], report["files_checked"]) == (None, 3)
