"""The body of every answer that is not a success (RFC 9457); what the codes mean is in codes.py."""

from pydantic import ConfigDict

from tiketi_sdk.contract.operation import Wire

PROBLEM_TYPE = "application/problem+json"


class FieldError(Wire):
    """One field that was refused."""

    field: str
    """Its path: `sections.0.rows`; empty when the whole body is meant."""
    message: str


class Problem(Wire):
    """Why an operation did not succeed. Carries further members for some codes, named in the reference."""

    model_config = ConfigDict(extra="allow")

    code: str
    title: str
    status: int
    detail: str
    type: str = "about:blank"
    request_id: str = ""
    errors: tuple[FieldError, ...] = ()
    """The refused fields, for `invalid_request`."""
