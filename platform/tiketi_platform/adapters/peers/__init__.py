"""The other services behind the core's ports, over HTTP through the SDK's codec; never through their tables."""
