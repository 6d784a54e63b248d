"""`python -m tiketi_platform --services all|queue[,…]`: services in the foreground, set up by TIKETI_*.

What else a container needs is a command of its own: `database` makes roles, schemas and tables and ends,
`health` asks the services of this machine and ends, `secrets` makes what they must know. Imports happen where they are needed: a health
check every few seconds must cost next to nothing.
"""

import argparse
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from tiketi_platform.runtime.errors import LaunchError
from tiketi_sdk.contract.services import SERVICES

if TYPE_CHECKING:
    from tiketi_platform.framework.settings import Settings

NAMES = tuple(SERVICES)


def main(argv: list[str] | None = None) -> int:
    """Do what is asked; 0 after an orderly end, 1 when it cannot be done as things stand."""
    arguments = _arguments(argv)
    try:
        if arguments.command == "health":
            return _health(arguments.services)
        if arguments.command == "database":
            _database(arguments)
        elif arguments.command == "secrets":
            _secrets()
        else:
            _serve(arguments.services or NAMES)
    except LaunchError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tiketi_platform", description=__doc__)
    parser.set_defaults(command="serve")
    parser.add_argument(
        "--services",
        type=_names,
        metavar="all|NAME[,NAME…]",
        help="which services (all)",
    )
    commands = parser.add_subparsers(title="instead of serving")
    database = commands.add_parser("database", help="make roles, schemas and tables")
    database.add_argument(
        "--phase",
        choices=("pre", "post"),
        default="pre",
        help="pre: before the new release serves (default); post: when the old one is gone",
    )
    database.add_argument(
        "--ours-alone",
        action="store_true",
        help="the server has no other tenant: close its other databases to the services",
    )
    database.set_defaults(command="database")
    making = commands.add_parser(
        "secrets", help="make the secrets and keys that TIKETI_SECRETS_DIR and _KEYS_DIR lack"
    )
    making.set_defaults(command="secrets")
    health = commands.add_parser("health", help="ask the services here whether they can work")
    health.set_defaults(command="health")
    return parser.parse_args(argv)


def _serve(names: tuple[str, ...]) -> None:
    from tiketi_platform.runtime.single import serve

    _run(serve(names, _settings()), as_service=",".join(names) if len(names) < len(NAMES) else "")


def _database(arguments: argparse.Namespace) -> None:
    from tiketi_platform.runtime.database import prepare

    work = prepare(_settings(), phase=arguments.phase, is_ours_alone=arguments.ours_alone)
    _run(work, as_service="database")


def _secrets() -> None:
    from tiketi_platform.runtime.secret_files import ensure

    settings = _settings()
    made = ensure(settings.secrets_dir, settings.keys_dir)
    sys.stderr.write(f"made: {', '.join(made) or 'nothing, all are there'}\n")


def _run(work: Coroutine[Any, Any, None], *, as_service: str) -> None:
    from tiketi_platform.adapters.postgres.migrate import MigrationError
    from tiketi_platform.framework.telemetry import configure_logging
    from tiketi_platform.runtime.loop import run

    configure_logging(service=as_service)
    try:
        run(work)
    except MigrationError as error:
        raise LaunchError(str(error)) from error


def _health(names: tuple[str, ...] | None) -> int:
    from tiketi_platform.runtime.checkup import unhealthy

    settings = _settings()
    findings = unhealthy(settings.host, settings.ports, names or ())
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    return 1 if findings else 0


def _settings() -> "Settings":
    from tiketi_platform.framework.settings import Settings

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
