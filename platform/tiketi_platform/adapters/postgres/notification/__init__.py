"""The notification slice in PostgreSQL: deliveries, and what people want of them."""
