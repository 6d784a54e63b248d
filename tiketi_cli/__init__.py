"""The `tiketi` command line; it parses, calls the SDK and shows what came back. Decides nothing itself."""
