"""Seats, holds with a deadline, and the tickets they become."""
