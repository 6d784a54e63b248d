"""Messages: everything that was said has been heard."""

from collections.abc import Iterator

from tiketi_sdk.audit.evidence import Evidence
from tiketi_sdk.audit.report import Finding


def none_undelivered(evidence: Evidence) -> Iterator[Finding]:
    """No message is still to be published or applied, and none was given up."""
    for backlog in evidence.backlogs:
        if backlog.outbox_count:
            yield Finding(
                f"{backlog.service} has {backlog.outbox_count} messages not yet published",
                (backlog,),
                about=f"{backlog.service} has messages not yet published",
            )
        for group in backlog.groups:
            under_way = group.waiting_count + group.pending_count
            if under_way:
                yield Finding(
                    f"{group.group} has {under_way} messages of {group.stream} still to apply",
                    (group,),
                    about=f"{group.group} has messages of {group.stream} still to apply",
                )
            if group.dead_count:
                yield Finding(
                    f"{group.group} gave up on {group.dead_count} messages of {group.stream}",
                    (group,),
                    about=f"{group.group} gave up on messages of {group.stream}",
                )
