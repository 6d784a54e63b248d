"""What the six slices share: ids, time, money, bounds, errors and messages; it knows no slice."""
