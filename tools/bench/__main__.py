"""`make bench`: every row of the benchmarks that exists, against its floor, as one table and a JSON file.

    python -m tools.bench [--only ROW,…] [--json FILE]

A figure counts as a ratio taken in one run or as CPU time per operation: machines are shared and noisy.
Nothing fails here: the table says which targets are met.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
HELP_ROUNDS: Final = 7
HELP_EXTRA_MS: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    operation: str
    ours: str
    floor: str
    ratio: float | None
    target: str
    met: bool


def http_rows() -> Iterator[Row]:
    """enter, status, events list and login of a platform of six processes."""
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
        ratio = cost.ratio
        engines = f"{cost.postgres_ms:.3f} PostgreSQL, {cost.valkey_ms:.3f} Valkey"
        nothing_in_postgres = name != "enter" or cost.postgres_ms < 0.01
        yield Row(
            operation=name,
            ours=f"{cost.ours_ms:.3f} ms ({engines})",
            floor=f"{cost.floor_ms:.3f} ms",
            ratio=round(ratio, 2),
            target=f"≤ {targets[name]} × floor",
            met=ratio <= targets[name] and nothing_in_postgres,
        )


def storm_rows() -> Iterator[Row]:
    """Verifying while a crowd logs in."""
    from tests.acceptance.stage import running
    from tools.bench.auth_rows import verify_in_a_storm

    with running(mode="processes") as stage:
        seen = verify_in_a_storm(stage)
    yield Row(
        operation="verify in a login storm",
        ours=f"p99 {seen.storm_ms:.1f} ms, {seen.logins_per_s:.0f} logins/s",
        floor=f"p99 {seen.idle_ms:.1f} ms idle",
        ratio=round(seen.ratio, 2),
        target="≤ 2 × idle",
        met=seen.ratio <= 2,
    )


def reserve_rows() -> Iterator[Row]:
    """Reserving one seat: the best there is, and one by its id."""
    for name, seen in _bench("reserve.py", "--reservations", "800").items():
        services, postgres = seen["services_cpu_ms"], seen["postgres_cpu_ms"]
        yield Row(
            operation=f"reserve one seat ({name.replace('_', ' ')})",
            ours=f"{services:.2f} + {postgres:.2f} ms, {seen['per_s']}/s",
            floor="–",
            ratio=None,
            target="≤ 0.5 + 0.4 ms",
            met=services <= 0.5 and postgres <= 0.4,
        )


def payment_rows() -> Iterator[Row]:
    """Mixed payments."""
    seen = _bench("payments.py", "--payments", "1000")
    per_s = seen["payments_per_s"]
    yield Row(
        operation="pay points and card",
        ours=f"{per_s:.0f}/s ({seen['services_cpu_ms']:.2f} + {seen['postgres_cpu_ms']:.2f} ms)",
        floor="–",
        ratio=None,
        target="≥ 300/s",
        met=per_s >= 300,
    )


def socket_rows() -> Iterator[Row]:
    """A burst of sockets, holding them, telling them."""
    seen = _bench("sockets.py")
    burst_s, errors = seen["burst_all_joined_s"], seen["burst_errors"]
    yield Row(
        operation=f"{seen['burst_connections']:,} sockets join in one burst",
        ours=f"{burst_s} s, {errors} errors, {seen['burst_cpu_ms_each']} ms CPU each",
        floor="–",
        ratio=None,
        target="≤ 3 s, 0 errors",
        met=burst_s <= 3.0 and errors == 0,
    )
    yield Row(
        operation=f"hold {seen['held_connections']:,} sockets",
        ours=f"{seen['held_kib_each']} KiB each, {seen['held_lost']} lost",
        floor="–",
        ratio=None,
        target="≤ 25 KiB each, 0 lost",
        met=seen["held_kib_each"] <= 25 and seen["held_lost"] == 0,
    )
    cpu_ms, floor_ms = seen["broadcast_cpu_ms"], seen["broadcast_floor_cpu_ms"]
    yield Row(
        operation=f"broadcast to {seen['held_connections']:,} sockets",
        ours=f"{cpu_ms} ms CPU, last at {seen['broadcast_last_ms']} ms",
        floor=f"{floor_ms} ms CPU of bare writes",
        ratio=round(cpu_ms / floor_ms, 2),
        target="≤ 150 ms CPU, last < 400 ms",
        met=cpu_ms <= 150 and seen["broadcast_last_ms"] < 400 and seen["broadcast_missed"] == 0,
    )


def room_rows() -> Iterator[Row]:
    """What the waiting room costs Valkey as the line grows, against a script that returns at once."""
    few, *_, many = _bench("queue_engine.py", "--sizes", "100,1000000")
    for name, operation in (("enter", "enter"), ("again", "enter again"), ("status", "status")):
        growth = many[f"{name}_floors"] / few[f"{name}_floors"]
        yield Row(
            operation=f"Valkey: {operation}, 10⁶ waiting",
            ours=f"{many[f'{name}_us']} µs ({few[f'{name}_us']} µs with 10²)",
            floor="a script that returns",
            ratio=round(growth, 2),
            target="grows < 30 % in floors",
            met=growth < 1.3,
        )
    yield Row(
        operation="Valkey: admit 1,000 of 10⁶",
        ours=f"{many['admit_1000_ms']} ms",
        floor="–",
        ratio=None,
        target="≤ 10 ms",
        met=many["admit_1000_ms"] <= 10,
    )
    yield Row(
        operation="Valkey: 10⁶ waiting",
        ours=f"{many['bytes_per_waiting']} MB",
        floor="–",
        ratio=None,
        target="≤ 300 MB",
        met=many["bytes_per_waiting"] <= 300,
    )


def notification_rows() -> Iterator[Row]:
    """Mails rendered, delivered and written down."""
    seen = _bench("notifications.py", "--deliveries", "10000")
    costs = [seen[f"{part}_cpu_ms"] for part in ("service", "postgres", "mailbox")]
    yield Row(
        operation="notifications rendered and delivered",
        ours=f"{seen['sent_per_s']:,}/s ({' + '.join(f'{cost:.2f}' for cost in costs)} ms)",
        floor="–",
        ratio=None,
        target="≥ 2,000/s, or ≤ 1 ms of CPU on two cores",
        met=seen["sent_per_s"] >= 2_000 or seen["on_two_cores_per_s"] >= 2_000,
    )


def relay_rows() -> Iterator[Row]:
    """Messages from the outbox to their effect."""
    measured: list[dict[str, Any]] = _bench("relay.py", "--messages", "10000", "--refusals", "200")
    for row in measured:
        if row["name"] in {"outbox → stream", "outbox → stream → effect"}:
            yield Row(
                operation=f"relay: {row['name']}",
                ours=f"{row['per_s']:,}/s",
                floor="–",
                ratio=None,
                target="≥ 5,000/s",
                met=row["per_s"] >= 5_000,
            )


def seats_rows() -> Iterator[Row]:
    """Generating 50,000 seats."""
    seen = _bench("reserve_seats.py", "--seats", "8")["generation"]
    yield Row(
        operation="generate 50,000 seats",
        ours=f"{seen['generate_ms']:,.0f} ms",
        floor=f"{seen['bare_ms']:,.0f} ms",
        ratio=seen["ratio"],
        target="≤ 1.3 × floor",
        met=seen["ratio"] <= 1.3,
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


def _show(rows: list[Row]) -> None:
    cells = [("operation", "ours", "floor", "ratio", "target", "verdict")]
    for row in rows:
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = "met" if row.met else "MISSED"
        cells.append((row.operation, row.ours, row.floor, ratio, row.target, verdict))
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def main() -> int:
    """Run the benches, print the table, write the file."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", default=",".join(GROUPS), help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--json", type=Path, help="instead of bench-<date>.json")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(GROUPS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    now = datetime.now(UTC)
    rows: list[Row] = []
    for name in chosen:
        print(f"measuring {name} …", file=sys.stderr)
        rows += GROUPS[name]()
    _show(rows)
    out = options.json or Path(f"bench-{now:%Y-%m-%d}.json")
    found = {
        "at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "rows": [asdict(row) for row in rows],
    }
    out.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    print(f"\nwritten: {out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
