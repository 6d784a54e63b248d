"""Points: no won is lost or made; every wallet is the sum of its history, line by line."""

from collections import defaultdict
from collections.abc import Iterator

from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.audit.report import Finding
from tiketi_sdk.contract.payment import AuditedHistory


def equal_history(evidence: Evidence) -> Iterator[Finding]:
    """Every wallet holds the sum of its history, and never less than it has set aside."""
    lines = _lines(evidence)
    for wallet in evidence.wallets:
        total = sum(line.amount for line in lines.pop(wallet.user_id, []))
        if wallet.balance != total:
            yield Finding(
                f"the wallet of user {wallet.user_id} holds {wallet.balance}, its history sums to {total}",
                (wallet,),
            )
        if not 0 <= wallet.held <= wallet.balance:
            yield Finding(
                f"the wallet of user {wallet.user_id} has {wallet.held} of {wallet.balance} set aside",
                (wallet,),
            )
    for user_id, orphans in lines.items():
        yield Finding(f"user {user_id} has history and no wallet", tuple(orphans))


def running_sum(evidence: Evidence) -> Iterator[Finding]:
    """`balance_after` of each line is the one before plus its amount, and never negative."""
    for user_id, lines in _lines(evidence).items():
        balance = 0
        for line in lines:
            expected = balance + line.amount
            if line.balance_after != expected or line.balance_after < 0:
                yield Finding(
                    f"line {line.id} of user {user_id} says {line.balance_after} after {line.amount:+}, "
                    f"the running sum is {expected}",
                    (line,),
                )
            balance = line.balance_after


def _lines(evidence: Evidence) -> dict[int, list[AuditedHistory]]:
    lines: dict[int, list[AuditedHistory]] = defaultdict(list)
    for line in evidence.histories:
        lines[line.user_id].append(line)
    return lines
