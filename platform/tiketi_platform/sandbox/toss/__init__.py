"""A card gateway with the API of Toss Payments, for one machine; it refuses real cards."""
