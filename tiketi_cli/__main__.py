"""`python -m tiketi_cli` is `tiketi`, for where no script is installed."""

import sys

from tiketi_cli.app import main

sys.exit(main())
