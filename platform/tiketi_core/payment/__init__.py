"""Payments, points and refunds: money that adds up."""
