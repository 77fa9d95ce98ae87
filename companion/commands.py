"""What commands share: opening the service, or ending with one line for each thing that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from companion.services import Services


def open_current() -> Services:
    """Return the services on a database of this version. Raises ClickException."""
    from companion.content.reader import ContentError  # noqa: PLC0415 (commands import late, so that each starts fast)
    from companion.crypto import CannotDecryptError  # noqa: PLC0415
    from companion.db import DatabaseError  # noqa: PLC0415
    from companion.schema import require_current  # noqa: PLC0415
    from companion.services import open_services  # noqa: PLC0415
    from companion.settings import SettingsError  # noqa: PLC0415

    try:
        services = open_services()
        require_current(services.database)
    except (SettingsError, ContentError, DatabaseError, CannotDecryptError) as error:
        raise click.ClickException(str(error)) from None
    return services
