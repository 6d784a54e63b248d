"""The reservation core's books in PostgreSQL: each change is one SQL function and one round trip."""
