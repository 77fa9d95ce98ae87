"""The tables, one module a family."""

from companion.models.around import (
    Broadcast,
    BuddyMember,
    BuddyPair,
    BuddyWish,
    CohortAlias,
    Need,
    NeedAction,
    SupervisionDate,
    SupervisionDue,
    SurveyComment,
    SurveyResult,
    SurveyTally,
)
from companion.models.audit import Alarm, AuditEntry, Heartbeat, raise_alarm, record, settle_alarm
from companion.models.base import Base
from companion.models.console import FrozenFigure, Invitation, SetupMark, User
from companion.models.escalation import OUTCOMES, Episode, Flag, Note, Page, Reference
from companion.models.people import Address, Cohort, Consent, JoinSource, Keyring, OptOut, Person
from companion.models.privacy import CopyLink, SentWording
from companion.models.programme import (
    Booking,
    CheckIn,
    ContactRequest,
    Group,
    GroupFacilitator,
    GroupSession,
    facilitators_of,
)
from companion.models.templates import WhatsAppTemplate
from companion.models.texts import LANES, InboundMessage, OutboxMessage, SenderRate

__all__ = [
    "LANES",
    "OUTCOMES",
    "Address",
    "Alarm",
    "AuditEntry",
    "Base",
    "Booking",
    "Broadcast",
    "BuddyMember",
    "BuddyPair",
    "BuddyWish",
    "CheckIn",
    "Cohort",
    "CohortAlias",
    "Consent",
    "ContactRequest",
    "CopyLink",
    "Episode",
    "Flag",
    "FrozenFigure",
    "Group",
    "GroupFacilitator",
    "GroupSession",
    "Heartbeat",
    "InboundMessage",
    "Invitation",
    "JoinSource",
    "Keyring",
    "Need",
    "NeedAction",
    "Note",
    "OptOut",
    "OutboxMessage",
    "Page",
    "Person",
    "Reference",
    "SenderRate",
    "SentWording",
    "SetupMark",
    "SupervisionDate",
    "SupervisionDue",
    "SurveyComment",
    "SurveyResult",
    "SurveyTally",
    "User",
    "WhatsAppTemplate",
    "facilitators_of",
    "raise_alarm",
    "record",
    "settle_alarm",
]
