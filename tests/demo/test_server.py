"""The server takes the next free port, and gives it back."""

from __future__ import annotations

import urllib.request

from demo.server import DemoServer


def test_next_port_is_taken_when_the_wanted_one_is_busy() -> None:
    with DemoServer(0) as first:
        wanted = int(first.address.rstrip("/").rpartition(":")[2])
        with DemoServer(wanted) as second:
            assert second.address != first.address

    with DemoServer(wanted) as third:
        assert third.address == first.address


def test_static_files_are_served_without_debug() -> None:
    with DemoServer(0) as server, urllib.request.urlopen(f"{server.address}static/audit/audit.css", timeout=30) as got:
        assert got.status == 200
