"""Rows of the books as wire structs."""

from typing import Any

from tiketi_sdk.contract.notification import AuditedDelivery, DeadLetter, Delivery


def to_delivery(row: Any) -> Delivery:  # a database record, read by name
    """One delivery as users and administrators see it."""
    return Delivery(
        id=row["id"],
        message_id=row["message_id"],
        message_name=row["message_name"],
        user_id=row["user_id"],
        channel=row["channel"],
        recipient=row["recipient"],
        subject=row["subject"],
        status=row["status"],
        attempt_count=row["attempt_count"],
        reference_id=row["reference_id"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        category=row["category"],
        error=row["error"],
    )


def to_audited(row: Any) -> AuditedDelivery:  # as above
    """One delivery as the audit recounts it."""
    return AuditedDelivery(
        delivery_id=row["id"],
        message_id=row["message_id"],
        message_name=row["message_name"],
        user_id=row["user_id"],
        reference_id=row["reference_id"],
        status=row["status"],
        channel=row["channel"],
    )


def to_dead_delivery(row: Any) -> DeadLetter:  # as above
    """One delivery that was given up."""
    return DeadLetter(
        id=f"delivery:{row['id']}",
        kind="delivery",
        message_id=row["message_id"],
        message_name=row["message_name"],
        user_id=row["user_id"],
        channel=row["channel"],
        reason=row["error"] or "",
        attempt_count=row["attempt_count"],
        at=row["created_at"],
    )
