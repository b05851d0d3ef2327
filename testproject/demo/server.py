"""The web server of the demonstration: Django's own, with static files, in threads of this process."""

from __future__ import annotations

import errno
import logging
import threading
from types import TracebackType

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management.base import CommandError
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application

HOST = "127.0.0.1"
PORTS_TRIED = 50


class DemoServer:
    """Listen on entering, close on leaving. Being threads, it ends with the process, however that ends."""

    def __init__(self, port: int) -> None:
        self._server = _bound(port)
        self._server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo server", daemon=True)

    @property
    def address(self) -> str:
        """Return where the server listens."""
        return f"http://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> DemoServer:
        """Serve; only requests that fail are logged."""
        logging.getLogger("django.server").setLevel(logging.WARNING)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _bound(wanted: int) -> ThreadedWSGIServer:
    """Return a server on the wanted port or on the next free one; 0 is any."""
    for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
        try:
            return ThreadedWSGIServer((HOST, port), WSGIRequestHandler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    raise CommandError(f"No port from {wanted} on can be had. Choose another one: --port N.")
