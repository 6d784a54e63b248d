"""The card gateway port over the Toss Payments REST API, version 1."""

from tiketi_platform.adapters.toss.client import TossGateway, TossSettings
from tiketi_platform.adapters.toss.webhook import InvalidWebhookError, StatusChange, read_webhook

__all__ = ["InvalidWebhookError", "StatusChange", "TossGateway", "TossSettings", "read_webhook"]
