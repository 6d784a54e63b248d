"""Names for the negative numbers by which our Lua scripts refuse; what is done about one is not said here."""

from enum import IntEnum
from typing import Self

from tiketi_platform.adapters.redis.errors import RedisProtocolError
from tiketi_platform.adapters.redis.replies import Reply, array


class Status(IntEnum):
    """Base for one group's refusals; each value is negative and has one name.

    A script returns its result (an integer ≥ 0, bytes or an array) or a refusal: a negative integer,
    alone or as the first item of an array whose further items say more.
    """

    def __init__(self, value: int) -> None:
        if value >= 0:
            raise ValueError(f"a refusal is negative, not {value}")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        twice = cls.__members__.keys() - {member.name for member in cls}
        if twice:
            raise ValueError(f"{cls.__name__} names a number twice: {', '.join(sorted(twice))}")

    @classmethod
    def of(cls, reply: Reply) -> Self | None:
        """The refusal a script's reply is, or None when it is a result.

        Raises RedisProtocolError for a negative number that this group does not name.
        """
        if isinstance(reply, list) and reply:
            reply = array(reply)[0]
        if not isinstance(reply, int) or reply >= 0:
            return None
        try:
            return cls(reply)
        except ValueError as error:
            raise RedisProtocolError(f"{cls.__name__} has no name for {reply}") from error
