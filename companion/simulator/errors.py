"""Twilio's refusals: their HTTP status, code and words. Source: https://www.twilio.com/docs/api/errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Short forms of Twilio's own messages, for synchronous refusals and for failures after acceptance.
MESSAGES: dict[int, str] = {
    11200: "HTTP retrieval failure",
    11205: "HTTP connection failure",
    12100: "Document parse failure",
    12200: "Schema validation warning",
    12300: "Invalid Content-Type",
    14103: "Message: Invalid Body",
    14107: "Reply rate limit hit replying to this number",
    20001: "Unknown or invalid parameter",
    20003: "Authenticate",
    20004: "Method not allowed",
    20009: "The message cannot be changed in its present state",
    20404: "The requested resource was not found",
    20429: "Too many requests",
    20500: "Internal server error",
    20503: "Service unavailable",
    21201: "No 'To' number is given",
    21205: "The URL is not valid",
    21210: "The 'From' number is not verified for calls",
    21211: "The 'To' number is not a valid phone number",
    21212: "The 'From' number is not a valid phone number, short code or alphanumeric sender ID",
    21408: "Permission to send an SMS has not been enabled for the region of the 'To' number",
    21602: "Message body is required",
    21603: "A 'From' phone number is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number is not a valid, message-capable number of this account",
    21609: "The 'StatusCallback' URL is not a valid URL",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The 'To' phone number is not currently reachable using this 'From' number",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21623: "Number of media files exceeds allowed limit",
    21624: "The ValidityPeriod is invalid",
    21654: "ContentSid is required when ContentVariables is given",
    21655: "The ContentSid is invalid",
    21656: "The ContentVariables parameter is invalid",
    21701: "The Messaging Service resource does not exist",
    21703: "The Messaging Service has no phone numbers",
    21704: "The Messaging Service has no sender for this recipient",
    21910: "'From' and 'To' must be of the same channel",
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30017: "Carrier network congestion",
    30018: "The destination's carrier requires the sender to be registered first",
    30022: "The carrier's limit of messages was exceeded",
    30024: "The sender is not provisioned at the carrier",
    30034: "Message from an unregistered number",
    30036: "The validity period expired",
    30410: "The provider timed out",
    30450: "Blocked: suspected SMS pumping",
    30453: "Blocked: suspected SMS pumping",
    30454: "Blocked: suspected SMS pumping",
    35111: "SendAt is missing",
    35114: "SendAt is not a valid time",
    35115: "SendAt must be more than 300 seconds and at most 35 days ahead",
    35118: "MessagingServiceSid is required to schedule a message",
    35126: "SendAt is given without ScheduleType",
    63001: "Channel could not authenticate the request",
    63003: "Channel could not find To address",
    63005: "Channel did not accept the content",
    63007: "Could not find a Channel with the specified From address",
    63008: "The channel is misconfigured",
    63009: "The channel's provider returned an error",
    63010: "Internal error of the channel",
    63012: "Internal service error of the channel's provider",
    63013: "Violation of the channel's policy",
    63014: "Blocked by the person",
    63015: "The sandbox cannot reach someone who has not joined it",
    63016: "Outside the allowed window: a free-form message needs an inbound message in the last 24 hours",
    63017: "The provider's rate limit was exceeded",
    63018: "Rate limit exceeded for the channel",
    63019: "The media could not be fetched",
    63020: "The provider refused the account",
    63021: "Channel invalid content",
    63022: "The sender's name or quality is not accepted",
    63024: "Invalid message recipient",
    63026: "Flagged as spam",
    63027: "Template does not exist for a language and locale",
    63028: "Number of parameters does not match the template",
    63030: "The template takes no media",
    63032: "A limitation of WhatsApp prevents this message",
    63033: "The person has blocked the sender",
    63034: "The media are too big",
    63038: "The day's limit of messages is reached",
    63040: "Template rejected",
    63041: "Template paused",
    63042: "Template disabled",
    63049: "Meta chose not to deliver this marketing message",
    63051: "The WhatsApp account is locked",
}
# Codes that do not go with HTTP 400.
_STATUSES: dict[int, int] = {
    20003: 401, 20004: 405, 20009: 409, 20404: 404, 20429: 429, 20500: 500, 20503: 503,
}  # fmt: skip


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - the word of the domain
    """A synchronous refusal. `detail` is added to Twilio's words."""

    code: int
    detail: str = ""
    status_override: int = 0

    @property
    def status(self) -> int:
        """The HTTP status it is answered with."""
        return self.status_override or _STATUSES.get(self.code, 400)

    def body(self) -> dict[str, Any]:
        """Return the error resource of the 2010 API."""
        words = MESSAGES.get(self.code, "Error")
        return {
            "code": self.code,
            "message": f"{words}: {self.detail}" if self.detail else words,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
