"""The sheet on which a clinician signs off the crisis texts: made from the texts themselves."""

from __future__ import annotations

from companion.content.catalogue import Catalogue


def sheet(words: Catalogue) -> str:
    """Return the sheet as Markdown: each crisis text as it is written, its checksum, and a line to sign on."""
    lines = [
        "# The words and their sign-off",
        "",
        "Made by `companion report words`; a test fails when a text has changed since. Values in braces are filled in.",
        "A clinician of the programme reads each text, and signs for the checksum beside it.",
        "",
    ]
    for wording in sorted(words.wordings.values(), key=lambda each: each.id):
        if wording.kind == "crisis" or wording.id.startswith(("cover_", "nhs_line_")):
            lines += [
                f"## {wording.id}",
                "",
                f"> {wording.text}",
                "",
                f"Checksum `{wording.signature()[:16]}`, at most {wording.parts} parts. Read and agreed: [name, date]",
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"
