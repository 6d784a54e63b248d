"""The waiting room: never more inside than allowed, and let in in the order of coming."""

from collections.abc import Iterator

from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.audit.report import Finding
from tiketi_sdk.contract.queue import LogEntry


def within_capacity(evidence: Evidence) -> Iterator[Finding]:
    """At every admission, those inside were at most the capacity in force."""
    inside: set[int | None] = set()
    for entry in evidence.admissions:
        if entry.kind == "admitted":
            inside.add(entry.user_id)
            if len(inside) > entry.capacity:
                yield Finding(
                    f"{len(inside)} were inside when user {entry.user_id} was admitted; {entry.capacity} were allowed",
                    (entry,),
                )
        elif entry.kind in {"left", "expired"}:
            inside.discard(entry.user_id)


def in_order(evidence: Evidence) -> Iterator[Finding]:
    """Admissions come in the order of the numbers that people drew when they entered."""
    last: LogEntry | None = None
    for entry in evidence.admissions:
        if entry.kind != "admitted" or entry.number is None:
            continue
        if last is not None and last.number is not None and entry.number <= last.number:
            yield Finding(
                f"number {entry.number} was admitted after number {last.number}", (last, entry)
            )
        else:
            last = entry


def log_is_whole(evidence: Evidence) -> Iterator[Finding]:
    """Everybody is admitted at most once at a time, and nobody leaves who was not inside."""
    inside: dict[int | None, LogEntry] = {}
    for entry in evidence.admissions:
        before = inside.get(entry.user_id)
        if entry.kind == "admitted":
            if before is not None:
                yield Finding(f"user {entry.user_id} was admitted while inside", (before, entry))
            inside[entry.user_id] = entry
        elif entry.kind in {"left", "expired"}:
            if before is None:
                yield Finding(
                    f"user {entry.user_id} {entry.kind} without having been admitted", (entry,)
                )
            inside.pop(entry.user_id, None)
