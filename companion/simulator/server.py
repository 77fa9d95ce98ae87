"""The stand-in's own HTTP server: threads, connections kept open, no access log."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are written apart: with Nagle's algorithm each answer would wait 40 ms.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Log nothing: addresses in query strings are phone numbers."""


class Server:
    """A running server on `base_url`."""

    def __init__(self, app: WSGIApplication, host: str, port: int) -> None:
        # Werkzeug prints several lines and exits when a port is taken: bind here, so that OSError is raised.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(128)
        except OSError:
            listening.close()
            raise
        self._listening = listening
        bound = listening.getsockname()[1]
        self._server = make_server(host, bound, app, threaded=True, request_handler=_Handler, fd=listening.fileno())
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._server.block_on_close = False  # type: ignore[attr-defined]
        self.base_url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="stand-in-http",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop taking requests and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._listening.close()
        self._thread.join(timeout=2)


def drop_connection(connection: socket.socket) -> None:
    """Cut the connection so that the client sees it end without an answer."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
