"""`python -m tiketi_sdk.stampede`: the load process. Reads a job from stdin, lets locust run it, reports on stdout.

Tokens come over stdin and leave nowhere. stdout carries JSON lines: `ready`, `progress` twice a second,
`results` at the end. It ends by itself when its parent is gone.
"""

# isort: off
import locust  # noqa: F401  # first of all: it makes the standard library cooperative

# isort: on
import sys

from tiketi_sdk.stampede.generator import main

sys.exit(main())
