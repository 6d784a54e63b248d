"""Paying, settling and giving back, over the ports; refuses to hold anything open during a call."""

from tiketi_core.payment.use_cases.answers import replay
from tiketi_core.payment.use_cases.paying import Buy, Caller, Pay, Payments
from tiketi_core.payment.use_cases.refunds import Refunds
from tiketi_core.payment.use_cases.settlement import Settlement

__all__ = ["Buy", "Caller", "Pay", "Payments", "Refunds", "Settlement", "replay"]
