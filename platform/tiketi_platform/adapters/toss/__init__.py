"""The card gateway port over the Toss Payments REST API, version 1."""

from tiketi_platform.adapters.toss.client import TossGateway, TossSettings

__all__ = ["TossGateway", "TossSettings"]
