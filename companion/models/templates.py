"""WhatsApp templates: which of our texts may go out after the 24-hour window, and under what SID."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from companion.models.base import Base, Id, Moment, one_of

APPROVED = "approved"
WITHDRAWN = ("rejected", "paused", "disabled")
TEMPLATE_STATUSES = ("unsubmitted", "received", "pending", APPROVED, *WITHDRAWN)


class WhatsAppTemplate(Base):
    """One template as Twilio has it. Another wording, or another name of the service, is another template.

    `variables` lists what fills {{1}}, {{2}} ...: the name of the value and its longest example.
    """

    __tablename__ = "whatsapp_templates"
    __table_args__ = (
        CheckConstraint(one_of("status", *TEMPLATE_STATUSES), "status"),
        Index("ix_whatsapp_templates_text", "text_id", "wording_version"),
    )
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    text_id: Mapped[str]
    wording_version: Mapped[str]
    content_sid: Mapped[str] = mapped_column(unique=True)
    variables: Mapped[list[list[str]]] = mapped_column(JSON)
    has_buttons: Mapped[bool]
    status: Mapped[str]
    category: Mapped[str]
    reason: Mapped[str | None]  # what WhatsApp gave as the reason, or Twilio's error code
    created_at: Mapped[Moment]
    checked_at: Mapped[Moment | None]
