"""The files that keep a service running: for systemd, for a proxy that speaks https, and for Twilio's fallbacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from companion.escalation.ringing import PhoneDesk
from companion.escalation.words import Voice
from companion.messaging.twiml import twiml
from companion.messaging.voice import spoken

_SERVICE = """\
[Unit]
Description={what}
After=network-online.target
Wants=network-online.target

[Service]
User={user}
WorkingDirectory={folder}
ExecStart={command}
{restart}
"""
_ALWAYS = """\
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target"""
_TIMER = """\
[Unit]
Description=Back up Companion's database every night

[Timer]
OnCalendar=*-*-* 03:15
Persistent=true

[Install]
WantedBy=timers.target
"""
_CADDY = """\
{host} {{
    reverse_proxy 127.0.0.1:5000
}}
"""


@dataclass(frozen=True)
class Place:
    """Where the service is on this machine: who runs it, its working directory, and its command."""

    user: str
    folder: Path
    command: Path


def files(place: Place, public_url: str, voice: Voice, *, backups: bool) -> dict[str, str]:
    """Return what each file holds, by its name. `backups`: whether there is a folder to put them in."""

    def service(what: str, command: str, restart: str) -> str:
        return _SERVICE.format(
            what=what,
            user=place.user,
            folder=place.folder,
            command=f'"{place.command}" {command}',
            restart=restart,
        )

    found = {
        "companion-serve.service": service("Companion's web server", "serve", _ALWAYS),
        "companion-worker.service": service("Companion's worker", "worker", _ALWAYS),
        "Caddyfile": _CADDY.format(host=urlsplit(public_url).netloc),
        "fallback.xml": twiml([(voice.words.render("system_down").body, None)]) + "\n",
        "fallback-call.xml": spoken(PhoneDesk(voice).not_answered(), "") + "\n",
    }
    if backups:
        found["companion-backup.service"] = service("Back up Companion's database", "backup", "Type=oneshot")
        found["companion-backup.timer"] = _TIMER
    return found
