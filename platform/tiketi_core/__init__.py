"""The domain of tiketi: rules without I/O, clocks or randomness; adapters bring those through ports."""
