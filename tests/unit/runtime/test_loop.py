"""A platform started from an ordinary shell is ready for more connections than the shell allows."""

import subprocess
import sys

PROGRAM = """
import resource
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
from tiketi_platform.framework.open_files import OPEN_FILES_MAX, allow_many_connections
allow_many_connections()
allow_many_connections()
soft, after = resource.getrlimit(resource.RLIMIT_NOFILE)
assert after == hard
unlimited = hard == resource.RLIM_INFINITY
assert soft == (OPEN_FILES_MAX if unlimited else min(hard, OPEN_FILES_MAX)), soft
"""


def test_the_limit_of_the_shell_is_raised_to_the_users_own():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)  # our own program
