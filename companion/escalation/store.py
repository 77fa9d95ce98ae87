"""Keeps the plan of a list beside its files, as Python keeps ``.pyc`` files, so that it need not be made at each start.

A kept plan is used only if it was made from exactly these files by exactly this code: its name is a digest of both. A
kept plan that is damaged is not used; one that cannot be written (a read-only installation) is made at each start.

It is written with ``marshal``, as ``.pyc`` files are: plain values that run nothing, and what is shared in the plan is
shared when it is read back. Its form belongs to one version of Python, so the digest is of that as well.
"""

import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from companion.escalation.plan import Plan

_FOLDER = "__pycache__"
_CODE = ("normalise.py", "packing.py", "phrases.py", "plan.py", "store.py", "watchlist_data.py")


def stored_plan(paths: Iterable[Path], make: Callable[[], Plan]) -> Plan:
    """The plan of the list in ``paths``: a kept one, or a new one, which is then kept."""
    paths = list(paths)
    if not paths:
        return make()  # which says what is missing
    digest = _digest(paths)
    kept = paths[0].parent / _FOLDER / f"watchlist-{digest}.plan"
    plan = _read(kept, digest)
    if plan is None:
        plan = make()
        with suppress(OSError):
            _write(kept, digest, plan)
    return plan


def _digest(paths: Iterable[Path]) -> str:
    together = hashlib.sha256(f"{sys.implementation.cache_tag} {marshal.version}\n".encode())
    for path in (*paths, *(Path(__file__).parent / name for name in _CODE)):
        content = path.read_bytes()
        together.update(f"{path.name} {len(content)}\n".encode())
        together.update(content)
    return together.hexdigest()[:40]


def _seal(digest: str, content: bytes) -> bytes:
    return hashlib.sha256(digest.encode() + content).hexdigest().encode()


def _read(kept: Path, digest: str) -> Plan | None:
    try:
        seal, _, content = kept.read_bytes().partition(b"\n")
        if seal != _seal(digest, content):
            return None
        return Plan(*marshal.loads(content))  # noqa: S302 (sealed, and beside the .pyc files)
    except (OSError, ValueError, TypeError, EOFError):
        return None


def _write(kept: Path, digest: str, plan: Plan) -> None:
    """Write it whole or not at all, and take away plans of earlier lists."""
    content = marshal.dumps(tuple(getattr(plan, field.name) for field in fields(plan)))
    kept.parent.mkdir(exist_ok=True)
    earlier = set(kept.parent.glob("watchlist-*.*")) - {kept}
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
        file.write(_seal(digest, content) + b"\n" + content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, kept)
    for path in earlier:
        path.unlink(missing_ok=True)
