"""Texts by what they ask for, written for this service: `topic_examples.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILE = Path(__file__).resolve().parent / "topic_examples.yaml"
NONE = "none"  # the texts in which nothing is asked


def topic_examples(file: Path = FILE) -> Iterator[tuple[str, str]]:
    """Yield (topic, text). Raises ValueError, OSError or yaml.YAMLError when the file cannot be read as such."""
    data = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a safe loader)
    if not isinstance(data, dict) or not all(isinstance(texts, str) for texts in data.values()):
        raise ValueError("must be topics, each with its texts, one a line")
    return ((str(topic), text) for topic, texts in data.items() for text in texts.splitlines())
