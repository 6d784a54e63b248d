"""The payment service: points, payments by card and points, refunds."""
