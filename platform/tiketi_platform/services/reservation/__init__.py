"""The reservation service: seats, holds with a deadline, and tickets."""
