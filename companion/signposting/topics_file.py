"""topics.yaml as it is written: the topics, and the words that speak of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from companion.signposting.errors import DirectoryError, explain

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TopicWords(_Strict):
    """One topic of topics.yaml. `priority` decides between topics with the same points."""

    topic: str
    title: str = Field(min_length=2, max_length=34)
    aliases: str
    priority: float
    sure: str = ""
    likely: str = ""
    hint: str = ""


class TopicsFile(_Strict):
    """topics.yaml as it is written."""

    version: str
    threshold: float = Field(gt=0)
    in_passing: float = Field(default=0.0, ge=0)  # a deployment's own file need not have these four
    speaking: str = ""
    help_there: str = ""
    there: str = ""
    sets: dict[str, str]
    spellings: dict[str, str]
    ordinary: str
    asking: str
    quiet: dict[str, str]
    nations: dict[str, str]
    elsewhere: str
    wanted: str
    topics: list[TopicWords]


def phrases_of(text: str) -> list[str]:
    """Return the phrases of a field that holds several, between commas."""
    return [" ".join(phrase.split()) for phrase in text.split(",") if phrase.strip()]


def read_topics_file(path: Path) -> TopicsFile:
    """Read topics.yaml. Raises DirectoryError that names the file and the entry."""
    try:
        return TopicsFile.model_validate(yaml.load(path.read_text(encoding="utf-8"), _Loader))  # noqa: S506
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise DirectoryError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        raise DirectoryError(explain(path, "topics", error)) from None
