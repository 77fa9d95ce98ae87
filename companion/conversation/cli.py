"""`companion intent`: what texts mean, line by line; `explain` one of them; `measure` files of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click


@click.group("intent", invoke_without_command=True)
@click.pass_context
def intent(context: click.Context) -> None:
    """What a text means. Reads JSON lines {"text", "state"} and writes {"intent", "slots"}, one for each."""
    if context.invoked_subcommand is not None:
        return
    for line in sys.stdin.buffer:
        answer = _answer(line)
        click.echo(json.dumps(answer, ensure_ascii=True))
        sys.stdout.flush()


def _answer(line: bytes) -> dict[str, Any]:
    from companion.conversation.intents import understand

    try:
        given = json.loads(line.decode("utf-8", errors="replace"))
        text, state = given["text"], given.get("state") or "none"
        if not isinstance(text, str) or not isinstance(state, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {
            "intent": "unknown",
            "slots": {},
            "error": 'not a JSON object with a string "text" and an optional string "state"',
        }
    got = understand(text, state)
    answer: dict[str, Any] = {"intent": got.intent, "slots": dict(got.slots)}
    if len(got.intents) > 1:
        answer["also"] = list(got.intents[1:])
    return answer


@intent.command()
@click.argument("text")
@click.option("--state", default="none", show_default=True, help="What the service asked last.")
def explain(text: str, state: str) -> None:
    """Show what TEXT means and which phrases say so."""
    from companion.conversation.intents import understand

    got = understand(text, state)
    click.echo(f"{', '.join(got.intents)} {dict(got.slots)}")
    click.echo(got.why)


@intent.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def measure(files: tuple[Path, ...]) -> None:
    """Print how well the texts of FILES are understood, each file by itself."""
    from companion.conversation.measure import load, report

    for file in files:
        click.echo(str(file))
        for line in report(load(file)):
            click.echo(f"  {line}")
