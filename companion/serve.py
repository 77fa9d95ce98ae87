"""Running the web server: gunicorn with threads, quiet about who texts what."""

from __future__ import annotations

import gc
import socket
from threading import Thread
from typing import Any

from gunicorn.app.base import BaseApplication

from companion.content.sayings import said_by_staff, said_by_trainees, weighed_words
from companion.conversation.intents import understand
from companion.services import Services
from companion.web import Front

# Texts for which all is looked at that there is: phrases, examples, the search for help.
_NEEDS_ALL = ("soup again on the ward", "cant sleep after nights, any help?")


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, services: Services, options: dict[str, Any]) -> None:
        self._services = services
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Front:
        front = Front(self._services)
        Thread(target=self._warm_up, args=(front,), daemon=True).start()
        return front

    def _warm_up(self, front: Front) -> None:
        """Load what the first text and the first page would wait for, beside the first requests."""
        try:
            for text in _NEEDS_ALL:
                understand(text)
                self._services.directory.read(text)
            said_by_trainees()
            said_by_staff()
            weighed_words()
            front.make_console()
        finally:
            # What was just loaded stays for good. Looking through it for garbage again and again would hold up texts.
            gc.collect()
            gc.freeze()
            gc.enable()


def require_free(host: str, port: int) -> None:
    """Raise OSError, in one line for a person, when nothing can listen there: gunicorn would try for five seconds."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = error.strerror or str(error)
            raise OSError(f"nothing can listen at {host}, port {port} ({why}); choose another with --port") from None


def run(services: Services, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished. There is no access log: addresses hold ids."""
    settings = services.settings
    _Server(
        services,
        {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": settings.companion_web_processes,
            "threads": settings.companion_web_threads,
            "worker_class": "gthread",
            "timeout": 30,
            "graceful_timeout": 10,
            "keepalive": 15,
            "loglevel": "warning",
            "control_socket_disable": True,
        },
    ).run()
