"""How many files, and so connections, this process may have open; opens none."""

import sys
from typing import Final

OPEN_FILES_MAX: Final = 65_536
"""What one process asks for; a user's hard limit may be lower."""
KEPT_FILES_MAX: Final = 1_024


def allow_many_connections() -> None:
    """Let this process open as many files as its user may: by default a shell allows 1,024, a crowd is more.

    Needed before the first connection: uvloop closes a listener for good when it runs out of files.
    """
    if sys.platform == "win32":
        return
    import resource  # not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def open_files_max() -> int:
    """How many files this process may have open now."""
    if sys.platform == "win32":
        return OPEN_FILES_MAX
    import resource  # not there on Windows

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES_MAX if soft == resource.RLIM_INFINITY else min(soft, OPEN_FILES_MAX)


def kept_files_count(files_max: int) -> int:
    """How many of `files_max` are kept from clients: for stores, peers and files, and for telling some no."""
    return min(KEPT_FILES_MAX, files_max // 2)
