"""Recounts a sale from what the services hold: `audit_event(client, event_id)`. Changes and repairs nothing."""

from tiketi_sdk.audit.collect import collect
from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.audit.judge import audit_event, judge
from tiketi_sdk.audit.report import CheckResult, Finding, Report

__all__ = ["CheckResult", "Evidence", "Finding", "Report", "audit_event", "collect", "judge"]
