"""The command that runs the stand-in as a process of its own."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click


@click.command()
@click.option("--port", default=5001, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--inbound-url", required=True, help="Where texts from phones are posted.")
@click.option("--sms-from", multiple=True, help="A number of the service on SMS, in E.164. Repeatable.")
@click.option("--whatsapp-from", multiple=True, help="A number of the service on WhatsApp. Repeatable.")
@click.option("--clock-file", type=click.Path(path_type=Path), help="The file that shares a movable clock.")
@click.option("--ledger", type=click.Path(path_type=Path), help="File that keeps the phones' history.")
@click.option(
    "--phone", "phones", multiple=True,
    help='A phone to show, as "Name=+447700900101"; as "Name=whatsapp:+44…" it opens there. Repeatable.',
)  # fmt: skip
@click.option("--service-name", default="The service", show_default=True, help="What the phones call it.")
@click.option("--console-url", help="A link to the service's own pages.")
@click.option("--next-due-url", help='Answers {"at": ISO 8601 or null, "what": "...", "busy": true}.')
def simulate(
    *,
    port: int,
    host: str,
    inbound_url: str,
    sms_from: tuple[str, ...],
    whatsapp_from: tuple[str, ...],
    clock_file: Path | None,
    ledger: Path | None,
    phones: tuple[str, ...],
    service_name: str,
    console_url: str | None,
    next_due_url: str | None,
) -> None:
    """Run the stand-in for Twilio, with phones in the browser. Never beside a real account."""
    from companion.clock import MovableClock, SystemClock
    from companion.simulator.identity import RealCredentialsError, refuse_real_surroundings
    from companion.simulator.ledger import split_address
    from companion.simulator.pages import PageOptions
    from companion.simulator.standin import StandIn
    from companion.simulator.store import LedgerError

    if not sms_from and not whatsapp_from:
        raise click.UsageError("The service needs a number: give --sms-from or --whatsapp-from.")
    named = dict(_split_phone(phone) for phone in phones)
    try:
        refuse_real_surroundings(os.environ)
        standin = StandIn(
            clock=MovableClock(clock_file) if clock_file else SystemClock(),
            inbound_url=inbound_url,
            numbers=sms_from,
            whatsapp=whatsapp_from,
            ledger_path=ledger,
            live=True,
            options=PageOptions(console_url, next_due_url, service_name, frozenset({host})),
        )
    except (RealCredentialsError, LedgerError) as error:
        raise click.ClickException(str(error)) from None
    for address, label in named.items():
        standin.phone(*split_address(address), label=label)
    try:
        base_url = standin.serve(port, host)
    except OSError as error:
        standin.close()
        raise click.ClickException(f"Port {port} on {host} cannot be used: {error.strerror}.") from None
    click.echo(f"Phones: {base_url}/simulator/")
    wait_for_signal()
    standin.close()


def _split_phone(text: str) -> tuple[str, str]:
    label, _, number = text.rpartition("=")
    if not label or not number:
        raise click.UsageError(f'--phone wants "Name=+447700900101", not {text!r}.')
    return number.strip(), label.strip()


def wait_for_signal() -> None:
    """Wait until the process is asked to end, by Ctrl-C or by its parent."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
