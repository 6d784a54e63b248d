"""The platform: six services over the domain, runnable in one process, as six processes or as pods."""
