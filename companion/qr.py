"""QR codes as pictures that stand in a page: no file, no script, nothing fetched from elsewhere."""

from __future__ import annotations

import segno


def picture(payload: str) -> str:
    """Return `payload` as a QR code in a `data:` address: SVG, error level M, a quiet zone of four modules."""
    code = segno.make(payload, error="m", micro=False)
    return str(code.svg_data_uri(scale=6, border=4, dark="#000", light="#fff"))
