"""Text messages over HTTP; adapters/aws sends them by SNS."""

from tiketi_platform.adapters.sms.channel import SmsChannel

__all__ = ["SmsChannel"]
