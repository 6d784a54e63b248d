"""`make bench`: every row of the benchmarks that exists, against its floor, as one table and a JSON file.

    python -m tools.bench [--only ROW,…] [--json FILE]

A figure counts as a ratio taken in one run or as CPU time per operation: machines are shared and noisy.
Nothing fails here: the table says which targets are met.
"""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from tools.bench.rows import GROUPS, Row  # noqa: E402  # the path comes first


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
