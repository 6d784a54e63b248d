"""The error answers of the Toss Payments API, by code; refuses codes that API does not have."""

from typing import Final

import orjson


class TossError(Exception):
    """One error answer: an HTTP status and a `{code, message}` body."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.message = message

    @property
    def body(self) -> bytes:
        """The JSON body as the API sends it."""
        return orjson.dumps({"code": self.code, "message": self.message})


_TABLE: Final = (
    ("INVALID_REQUEST", 400, "잘못된 요청입니다."),
    ("INVALID_IDEMPOTENCY_KEY", 400, "멱등키는 300자 이하여야 합니다."),
    ("ALREADY_PROCESSED_PAYMENT", 400, "이미 처리된 결제 입니다."),
    ("DUPLICATED_ORDER_ID", 400, "이미 승인 및 취소가 진행된 중복된 주문번호 입니다."),
    ("ALREADY_CANCELED_PAYMENT", 400, "이미 취소된 결제 입니다."),
    ("INVALID_STOPPED_CARD", 400, "정지된 카드 입니다."),
    ("INVALID_CARD_EXPIRATION", 400, "카드 정보를 다시 확인해주세요. (유효기간)"),
    ("EXCEED_MAX_DAILY_PAYMENT_COUNT", 400, "하루 결제 가능 횟수를 초과했습니다."),
    ("EXCEED_MAX_PAYMENT_AMOUNT", 400, "하루 결제 가능 금액을 초과했습니다."),
    ("PROVIDER_ERROR", 400, "일시적인 오류가 발생했습니다. 잠시 후 다시 시도해주세요."),
    ("UNAUTHORIZED_KEY", 401, "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다."),
    ("INCORRECT_BASIC_AUTH_FORMAT", 403, "잘못된 요청입니다. ':' 를 포함해 인코딩해주세요."),
    ("REJECT_CARD_COMPANY", 403, "결제 승인이 거절되었습니다."),
    ("REJECT_CARD_PAYMENT", 403, "한도초과 혹은 잔액부족으로 결제에 실패했습니다."),
    ("NOT_CANCELABLE_AMOUNT", 403, "취소 할 수 없는 금액 입니다."),
    ("NOT_CANCELABLE_PAYMENT", 403, "취소 할 수 없는 결제 입니다."),
    ("NOT_FOUND", 404, "존재하지 않는 정보 입니다."),
    ("NOT_FOUND_PAYMENT", 404, "존재하지 않는 결제 정보 입니다."),
    ("NOT_FOUND_PAYMENT_SESSION", 404, "결제 시간이 만료되어 결제 진행 데이터가 존재하지 않습니다."),
    ("IDEMPOTENT_REQUEST_PROCESSING", 409, "이전 멱등 요청이 처리중입니다."),
    ("FAILED_INTERNAL_SYSTEM_PROCESSING", 500, "내부 시스템 처리 작업이 실패했습니다."),
    ("FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING", 500, "결제가 완료되지 않았어요. 다시 시도해주세요."),
)  # fmt: skip

_BY_CODE: Final = {code: (status, message) for code, status, message in _TABLE}


def toss_error(code: str) -> TossError:
    """A fresh error to raise; KeyError for a code the API does not have, which is our mistake."""
    status, message = _BY_CODE[code]
    return TossError(code, status, message)


def is_known(code: str) -> bool:
    """Whether the API has an error by this code."""
    return code in _BY_CODE
