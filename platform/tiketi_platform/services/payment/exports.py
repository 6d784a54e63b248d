"""Pages of the audit's exports; rows come one more than asked for, which tells whether more follow."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from tiketi_platform.framework.cursors import from_cursor, to_cursor
from tiketi_sdk.contract.fields import Page
from tiketi_sdk.contract.operation import Wire
from tiketi_sdk.contract.payment import AuditedHistory, AuditedPayment, AuditedWallet

Rows = Sequence[Mapping[str, Any]]
ItemT = TypeVar("ItemT", bound=Wire)


def above(listing: str, cursor: str | None) -> int:
    """The id after which the page begins; 0 is before all."""
    return 0 if cursor is None else from_cursor(listing, cursor)


def wallets_page(rows: Rows, limit: int) -> Page[AuditedWallet]:
    items, cursor = _cut(AuditedWallet, rows, limit, listing="wallets", key="user_id")
    return Page[AuditedWallet](items=items, next_cursor=cursor)


def histories_page(rows: Rows, limit: int) -> Page[AuditedHistory]:
    items, cursor = _cut(AuditedHistory, rows, limit, listing="lines", key="id")
    return Page[AuditedHistory](items=items, next_cursor=cursor)


def payments_page(rows: Rows, limit: int) -> Page[AuditedPayment]:
    items, cursor = _cut(AuditedPayment, rows, limit, listing="payments", key="payment_id")
    return Page[AuditedPayment](items=items, next_cursor=cursor)


def _cut(
    kind: type[ItemT], rows: Rows, limit: int, *, listing: str, key: str
) -> tuple[tuple[ItemT, ...], str | None]:
    shown = rows[:limit]
    cursor = to_cursor(listing, shown[-1][key]) if len(rows) > limit else None
    # Columns have the struct's names and the database's CHECKs have judged the values.
    return tuple(kind.model_construct(**row) for row in shown), cursor
