"""The payment schema that the integration tests use."""

from tests.integration.payment.conftest import payment_postgres

__all__ = ["payment_postgres"]
