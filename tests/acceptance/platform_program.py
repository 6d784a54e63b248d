"""The embedded platform as a program of the tests: `platform_program.py FOLDER embedded|processes`.

Ports and servers come from the environment, as for `tiketi up`. SIGTERM ends it in order.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal, cast

from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.embedded import Options, run_platform
from tiketi_platform.runtime.loop import run

_folder, _mode = sys.argv[1:]
run(
    run_platform(
        DataFolder(Path(_folder)),
        Options.from_environ(mode=cast("Literal['embedded', 'processes']", _mode)),
    )
)
