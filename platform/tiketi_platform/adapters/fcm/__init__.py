"""Push messages by Firebase Cloud Messaging, HTTP v1."""

from tiketi_platform.adapters.fcm.account import ServiceAccount
from tiketi_platform.adapters.fcm.channel import PushChannel

__all__ = ["PushChannel", "ServiceAccount"]
