"""One class per stable code, each in the family of its HTTP status, the tree drawn as it is."""

from __future__ import annotations

import copy
import pickle

import pytest

from tiketi_sdk import errors
from tiketi_sdk.contract.codes import CODES, Exit
from tiketi_sdk.contract.problem import FieldError

FAMILY = {
    400: errors.InvalidRequestError,
    401: errors.AuthenticationError,
    402: errors.PaymentRequiredError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    405: errors.InvalidRequestError,
    409: errors.ConflictError,
    412: errors.ConflictError,
    413: errors.InvalidRequestError,
    415: errors.InvalidRequestError,
    422: errors.InvalidRequestError,
    429: errors.RateLimitedError,
    500: errors.InternalServerError,
    503: errors.ServiceUnavailableError,
}


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_class_in_the_family_of_its_status(code):
    row = CODES[code]
    raised = errors.BY_CODE[code]
    assert issubclass(raised, FAMILY[row.status])
    assert raised("d", status=row.status, code=code).exit_status is row.exit


def test_no_class_is_without_a_code_of_the_table():
    assert errors.BY_CODE.keys() == CODES.keys()


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n.endswith("Error")])
def test_each_class_explains_itself_and_is_in_the_drawing(name):
    raised = getattr(errors, name)
    assert issubclass(raised, errors.TiketiError)
    assert (raised.__dict__["__doc__"] or "").strip()
    assert name in (errors.__doc__ or "").split()


def test_a_code_of_a_newer_platform_falls_into_the_family_of_its_status():
    assert errors.class_for("seat_on_fire", 409) is errors.ConflictError
    assert errors.class_for("seat_on_fire", 410) is errors.InvalidRequestError
    assert errors.class_for("seat_on_fire", 599) is errors.InternalServerError


def test_errors_survive_pickling_and_copying():
    error = errors.SeatTakenError(
        "d",
        status=409,
        code="seat_taken",
        request_id="r",
        errors=(FieldError(field="seat_ids.0", message="taken"),),
        retry_after_s=2,
        extra={"seat_ids": [3]},
    )
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is errors.SeatTakenError
        assert (twin.args, vars(twin)) == (error.args, vars(error))


def test_exit_statuses_without_an_answer():
    assert errors.ConnectError("x").exit_status is Exit.UNAVAILABLE
    assert errors.ProfileNotFoundError("x").exit_status is Exit.USAGE
