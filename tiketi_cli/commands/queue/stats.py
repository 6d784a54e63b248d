"""`tiketi queue stats`."""

import typer

from tiketi_cli.context import session
from tiketi_cli.parameters import Event


def stats(ctx: typer.Context, event_id: Event) -> None:
    """Show a waiting room at a glance (administrators).

    tiketi queue stats 1
    watch -n 1 tiketi queue stats 1
    """
    here = session(ctx)
    room = here.client.queue.stats(event_id)
    here.out.facts(
        room,
        {
            "state": f"{room.state}; held: nobody in line is heard" if room.hushed else room.state,
            "inside": f"{room.admitted_count:,} of {room.capacity:,}",
            "most ever inside": f"{room.admitted_max:,}",
            "waiting": f"{room.waiting_count:,}",
            "pace": f"{room.admit_rate_per_s:.1f} a second in, {room.end_rate_per_s:.1f} out",
            "entered": f"{room.entered_total:,}",
            "admitted": f"{room.admitted_total:,}",
            "left": f"{room.left_total:,}",
            "expired": f"{room.expired_total:,}",
            "gave up": f"{room.gave_up_total:,}",
            "skipped": f"{room.skipped_total:,}",
            "promises kept": f"{room.promises_kept_total:,} of {room.promises_total:,}",
            "draw": room.draw,
            "log": "lost its beginning" if room.log_truncated else "whole",
        },
    )
