"""What the sandbox gateway was told to do wrong; refuses values that would make it something else."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0, le=100_000)]


class Behaviour(BaseModel):
    """Set whole by `PUT /sandbox/behaviour`; each `_next_count` is used up by the approvals that come."""

    model_config = ConfigDict(strict=True, extra="forbid", validate_assignment=False)

    latency_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    """Waited before each approval and cancellation."""
    decline_next_count: Count = 0
    """Approvals to decline as the card company would."""
    error_next_count: Count = 0
    """Approvals to answer with a 500, charging nothing."""
    timeout_next_count: Count = 0
    """Approvals to charge and then never answer."""
    webhook_url: Annotated[str, Field(max_length=2_000, pattern=r"^https?://")] | None = None
    """Where status changes are posted; None posts nothing."""
    webhook_copies: Annotated[int, Field(ge=0, le=10)] = 1
    """How often each webhook is delivered, on top of what the token says."""
