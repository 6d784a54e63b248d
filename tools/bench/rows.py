"""The rows of the table: which bench measures each, and the target it is held against (BENCHMARKS.md); prints nothing."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
HELP_ROUNDS: Final = 7
HELP_EXTRA_MS: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    operation: str
    ours: str
    target: str
    met: bool
    floor: str = "–"
    ratio: float | None = None


def http_rows() -> Iterator[Row]:
    """enter, status, events list, login and verify of a platform of six processes."""
    from tools.bench.http_rows import measure

    targets = {
        "enter": 2.0,
        "enter, a token's first use (floor: a signature too)": 2.0,
        "status": 1.8,
        "events list": 1.6,
        "login": 1.15,
        "verify": 1.5,
    }
    for name, cost in measure().items():
        engines = f"{cost.postgres_ms:.3f} PostgreSQL, {cost.valkey_ms:.3f} Valkey"
        nothing_in_postgres = name != "enter" or cost.postgres_ms < 0.01
        yield Row(
            operation=name,
            ours=f"{cost.ours_ms:.3f} ms ({engines})",
            floor=f"{cost.floor_ms:.3f} ms",
            ratio=round(cost.ratio, 2),
            target=f"≤ {targets[name]} × floor",
            met=cost.ratio <= targets[name] and nothing_in_postgres,
        )


def storm_rows() -> Iterator[Row]:
    """Verifying while a crowd logs in."""
    from tests.acceptance.stage import running
    from tools.bench.auth_rows import verify_in_a_storm

    times_max = 2
    with running(mode="processes") as stage:
        seen = verify_in_a_storm(stage)
    yield Row(
        operation="verify in a login storm",
        ours=f"p99 {seen.storm_ms:.1f} ms, {seen.logins_per_s:.0f} logins/s",
        floor=f"p99 {seen.idle_ms:.1f} ms idle",
        ratio=round(seen.ratio, 2),
        target=f"≤ {times_max} × idle",
        met=seen.ratio <= times_max,
    )


def reserve_rows() -> Iterator[Row]:
    """Reserving one seat: the best there is, and one by its id."""
    services_ms_max, postgres_ms_max = 0.5, 0.4
    for name, seen in _bench("reserve.py", "--reservations", "800").items():
        services, postgres = seen["services_cpu_ms"], seen["postgres_cpu_ms"]
        yield Row(
            operation=f"reserve one seat ({name.replace('_', ' ')})",
            ours=f"{services:.2f} + {postgres:.2f} ms, {seen['per_s']}/s",
            target=f"≤ {services_ms_max} + {postgres_ms_max} ms",
            met=services <= services_ms_max and postgres <= postgres_ms_max,
        )


def payment_rows() -> Iterator[Row]:
    """Mixed payments."""
    per_s_min = 300
    seen = _bench("payments.py", "--payments", "1000")
    per_s = seen["payments_per_s"]
    yield Row(
        operation="pay points and card",
        ours=f"{per_s:.0f}/s ({seen['services_cpu_ms']:.2f} + {seen['postgres_cpu_ms']:.2f} ms)",
        target=f"≥ {per_s_min}/s",
        met=per_s >= per_s_min,
    )


def burst_rows() -> Iterator[Row]:
    """Everybody enters at once, each over a connection of its own."""
    seconds_max = 3.0
    seen = _bench("enter_burst.py")
    yield Row(
        operation=f"{seen['users']:,} users enter in one burst, a connection each",
        ours=f"{seen['all_answered_s']} s, {seen['errors']} errors, {seen['cpu_ms_each']} ms CPU each",
        target=f"≤ {seconds_max:.0f} s, 0 errors",
        met=seen["all_answered_s"] <= seconds_max and seen["errors"] == 0,
    )


def socket_rows() -> Iterator[Row]:
    """A burst of sockets, holding them, telling them."""
    seconds_max, kib_max, cpu_ms_max, last_ms_max = 3.0, 25, 150, 400
    seen = _bench("sockets.py")
    kinds = {
        "burst": "sockets join in one burst, every token new",
        "again": "come again after all were cut",
        "more": "others join while those are told of the line",
    }
    for kind, name in kinds.items():
        burst_s, errors = seen[f"{kind}_all_joined_s"], seen[f"{kind}_errors"]
        yield Row(
            operation=f"{seen[f'{kind}_connections']:,} {name}",
            ours=f"{burst_s} s, {errors} errors, {seen[f'{kind}_cpu_ms_each']} ms CPU each",
            target=f"≤ {seconds_max:.0f} s, 0 errors",
            met=burst_s <= seconds_max and errors == 0,
        )
    yield Row(
        operation=f"hold {seen['held_connections']:,} sockets",
        ours=f"{seen['held_kib_each']} KiB each, {seen['held_lost']} lost",
        target=f"≤ {kib_max} KiB each, 0 lost",
        met=seen["held_kib_each"] <= kib_max and seen["held_lost"] == 0,
    )
    cpu_ms, floor_ms = seen["broadcast_cpu_ms"], seen["broadcast_floor_cpu_ms"]
    last_ms = seen["broadcast_last_ms"]
    yield Row(
        operation=f"broadcast to {seen['held_connections']:,} sockets",
        ours=f"{cpu_ms} ms CPU, last at {last_ms} ms",
        floor=f"{floor_ms} ms CPU of bare writes",
        ratio=round(cpu_ms / floor_ms, 2),
        target=f"≤ {cpu_ms_max} ms CPU, last < {last_ms_max} ms",
        met=cpu_ms <= cpu_ms_max and last_ms < last_ms_max and seen["broadcast_missed"] == 0,
    )


def room_rows() -> Iterator[Row]:
    """What the waiting room costs Valkey as the line grows, against a script that returns at once."""
    growth_max, admit_ms_max, megabytes_max = 1.3, 10, 300
    few, *_, many = _bench("queue_engine.py", "--sizes", "100,1000000")
    for name, operation in (("enter", "enter"), ("again", "enter again"), ("status", "status")):
        growth = many[f"{name}_floors"] / few[f"{name}_floors"]
        yield Row(
            operation=f"Valkey: {operation}, 10⁶ waiting",
            ours=f"{many[f'{name}_us']} µs ({few[f'{name}_us']} µs with 10²)",
            floor="a script that returns",
            ratio=round(growth, 2),
            target=f"grows < {growth_max - 1:.0%} in floors",
            met=growth < growth_max,
        )
    yield Row(
        operation="Valkey: admit 1,000 of 10⁶",
        ours=f"{many['admit_1000_ms']} ms",
        target=f"≤ {admit_ms_max} ms",
        met=many["admit_1000_ms"] <= admit_ms_max,
    )
    yield Row(
        operation="Valkey: 10⁶ waiting",
        ours=f"{many['bytes_per_waiting']} MB",
        target=f"≤ {megabytes_max} MB",
        met=many["bytes_per_waiting"] <= megabytes_max,
    )


def notification_rows() -> Iterator[Row]:
    """Mails rendered, delivered and written down."""
    per_s_min = 2_000
    seen = _bench("notifications.py", "--deliveries", "10000")
    costs = [seen[f"{part}_cpu_ms"] for part in ("service", "postgres", "mailbox")]
    yield Row(
        operation="notifications rendered and delivered",
        ours=f"{seen['sent_per_s']:,}/s ({' + '.join(f'{cost:.2f}' for cost in costs)} ms)",
        target=f"≥ {per_s_min:,}/s",
        met=seen["sent_per_s"] >= per_s_min,
    )


def relay_rows() -> Iterator[Row]:
    """Messages from the outbox to their effect."""
    per_s_min = 5_000
    measured: list[dict[str, Any]] = _bench("relay.py", "--messages", "10000", "--refusals", "200")
    for row in measured:
        if row["name"] in {"outbox → stream", "outbox → stream → effect"}:
            yield Row(
                operation=f"relay: {row['name']}",
                ours=f"{row['per_s']:,}/s",
                target=f"≥ {per_s_min:,}/s",
                met=row["per_s"] >= per_s_min,
            )


def seats_rows() -> Iterator[Row]:
    """Generating 50,000 seats."""
    times_max = 1.3
    seen = _bench("reserve_seats.py", "--seats", "8")["generation"]
    yield Row(
        operation="generate 50,000 seats",
        ours=f"{seen['generate_ms']:,.0f} ms",
        floor=f"{seen['bare_ms']:,.0f} ms",
        ratio=seen["ratio"],
        target=f"≤ {times_max} × floor",
        met=seen["ratio"] <= times_max,
    )


def help_rows() -> Iterator[Row]:
    """The command's first answer."""
    commands = {
        "ours": [sys.executable, "-m", "tiketi_cli", "--help"],
        "bare": [sys.executable, "-c", "pass"],
    }
    taken_ms: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(HELP_ROUNDS):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
            taken_ms[name].append((time.perf_counter() - started) * 1_000)
    ours_ms, bare_ms = median(taken_ms["ours"]), median(taken_ms["bare"])
    yield Row(
        operation="tiketi --help",
        ours=f"{ours_ms:.0f} ms",
        floor=f"{bare_ms:.0f} ms",
        ratio=round(ours_ms / bare_ms, 2),
        target=f"< 2 × floor + {HELP_EXTRA_MS} ms",
        met=ours_ms < 2 * bare_ms + HELP_EXTRA_MS,
    )


GROUPS: Final[dict[str, Callable[[], Iterator[Row]]]] = {
    "help": help_rows,
    "http": http_rows,
    "storm": storm_rows,
    "reserve": reserve_rows,
    "payments": payment_rows,
    "relay": relay_rows,
    "burst": burst_rows,
    "sockets": socket_rows,
    "room": room_rows,
    "notifications": notification_rows,
    "seats": seats_rows,
}


def _bench(script: str, *arguments: str) -> Any:
    """What a bench of its own writes."""
    with tempfile.TemporaryDirectory(prefix="tiketi-bench-") as folder:
        out = Path(folder) / "out.json"
        path = ROOT / "tools" / "bench" / script
        ended = subprocess.run(
            [sys.executable, str(path), *arguments, "--json", str(out)],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if ended.returncode:
            raise SystemExit(f"{script} failed:\n{ended.stderr}")
        return json.loads(out.read_text("utf-8"))
