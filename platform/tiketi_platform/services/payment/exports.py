"""Pages of the audit's exports; rows come one more than asked for, which tells whether more follow."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from tiketi_platform.framework.cursors import next_cursor
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Wire
from tiketi_sdk.contract.payment import AuditedHistory, AuditedPayment, AuditedWallet

Rows = Sequence[Mapping[str, Any]]
ItemT = TypeVar("ItemT", bound=Wire)


def wallets_page(rows: Rows, limit: int) -> Page[AuditedWallet]:
    cursor = next_cursor("wallets", [row["user_id"] for row in rows], limit)
    return Page[AuditedWallet](items=_items(AuditedWallet, rows[:limit]), next_cursor=cursor)


def histories_page(rows: Rows, limit: int) -> Page[AuditedHistory]:
    cursor = next_cursor("lines", [row["id"] for row in rows], limit)
    return Page[AuditedHistory](items=_items(AuditedHistory, rows[:limit]), next_cursor=cursor)


def payments_page(rows: Rows, limit: int) -> Page[AuditedPayment]:
    cursor = next_cursor("payments", [row["payment_id"] for row in rows], limit)
    return Page[AuditedPayment](items=_items(AuditedPayment, rows[:limit]), next_cursor=cursor)


def _items(kind: type[ItemT], rows: Rows) -> tuple[ItemT, ...]:
    # Columns have the struct's names and the database's CHECKs have judged the values.
    return tuple(kind.model_construct(**row) for row in rows)
