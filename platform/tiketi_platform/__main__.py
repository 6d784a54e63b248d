"""`python -m tiketi_platform --services all|queue[,…]`: services in the foreground, set up by TIKETI_*."""

import argparse
import sys

from tiketi_platform.adapters.postgres.migrate import MigrationError
from tiketi_platform.framework.settings import Settings
from tiketi_platform.framework.telemetry import configure_logging
from tiketi_platform.runtime.errors import LaunchError
from tiketi_platform.runtime.loop import run
from tiketi_platform.runtime.registry import NAMES
from tiketi_platform.runtime.single import serve


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM; 0 after an orderly end, 1 when it cannot start as things stand."""
    parser = argparse.ArgumentParser(prog="python -m tiketi_platform", description=__doc__)
    parser.add_argument(
        "--services",
        type=_names,
        default=NAMES,
        metavar="all|NAME[,NAME…]",
        help="which services (all)",
    )
    names = parser.parse_args(argv).services
    configure_logging(service=",".join(names) if len(names) < len(NAMES) else "")
    try:
        run(serve(names, _settings()))
    except (LaunchError, MigrationError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _settings() -> Settings:
    try:
        return Settings.from_environ()
    except ValueError as error:
        raise LaunchError(str(error)) from error


def _names(text: str) -> tuple[str, ...]:
    names = NAMES if text == "all" else tuple(text.split(","))
    unknown = set(names) - set(NAMES)
    if unknown:
        raise argparse.ArgumentTypeError(f"no such service: {', '.join(sorted(unknown))}")
    return tuple(name for name in NAMES if name in names)


if __name__ == "__main__":
    sys.exit(main())
