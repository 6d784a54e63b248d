"""Says beforehand who comes when, wants what and pays how; the same seed gives the same crowd. Sends nothing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Final, Literal, Self, get_args

Method = Literal["CARD", "POINT", "MIXED"]
ArrivalShape = Literal["rush", "even"]
"""rush: most come in the first moments, then fewer and fewer; even: any moment is as likely as another."""
Temper = Literal["steady", "gives_up", "rejoins", "changes_mind", "declined", "refunded"]
"""What a visitor does besides buying: nothing; leave the line for good; leave it and join again at its
end; cancel the first hold and choose anew; have the card declined once; return a paid ticket and buy again."""

USERS_MAX: Final = 100_000
_RUSH_STEEPNESS: Final = 4.0
_TEMPERS: Final[Mapping[Temper, int]] = {
    "gives_up": 3, "rejoins": 2, "changes_mind": 4, "declined": 4, "refunded": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Parts of the crowd by how they pay; only their proportions count."""

    card: int = 40
    point: int = 30
    mixed: int = 30

    def __post_init__(self) -> None:
        parts = (self.card, self.point, self.mixed)
        if min(parts) < 0 or sum(parts) == 0:
            raise ValueError("the parts of a mix are 0 or more, and one at least is more")

    @classmethod
    def parse(cls, text: str) -> Self:
        """`card=40,point=30,mixed=30`; what is left out is 0. Raises ValueError saying what is wrong."""
        parts = {"card": 0, "point": 0, "mixed": 0}
        for piece in text.split(","):
            name, _, number = piece.strip().partition("=")
            if name not in parts or not number.isdecimal():
                raise ValueError(f"{piece.strip()!r} is not card=N, point=N or mixed=N")
            parts[name] = int(number)
        return cls(**parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One distinct user and all that is decided about them beforehand."""

    number: int
    """From 0, in the order of arrival."""
    user_id: int
    token: str = field(repr=False)
    arrives_s: float
    """Seconds after the opening at which this user means to enter."""
    method: Method
    seats_count: int
    chooses: bool
    """Whether they pick seats on the map; else the platform chooses."""
    opens: bool
    """Whether they open the ticket at once to look at its QR code; the list of tickets all fetch."""
    temper: Temper
    listens: bool = False
    """Whether they wait by Socket.IO; else by polling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One stampede."""

    event_id: int
    urls: Mapping[str, str]
    """Base URLs by service."""
    users_count: int
    arrive_within_s: float = 3.0
    """The last one means to enter this long after the opening; 0: all in the same instant."""
    arrival: ArrivalShape = "rush"
    seed: int = 1
    mix: Mix = field(default_factory=Mix)
    pairs_percent: int = 10
    """How many of a hundred want two seats instead of one."""
    chooses_percent: int = 20
    opens_percent: int = 10
    sockets_percent: int = 0
    """How many of a hundred wait by Socket.IO instead of polling."""
    tempers: Mapping[Temper, int] = field(default_factory=lambda: dict(_TEMPERS))
    """Percent of the crowd by temper; the rest is steady."""
    patience_s: float = 240.0
    """A visitor goes home this long after they meant to arrive, whatever state they are in."""
    request_timeout_s: float = 30.0
    ends_after_s: float = 300.0
    """The load process ends by itself then, counting who was not done as unfinished."""

    def __post_init__(self) -> None:
        if not 1 <= self.users_count <= USERS_MAX:
            raise ValueError(f"users: 1 to {USERS_MAX:,}, not {self.users_count:,}")
        if not 0 <= self.arrive_within_s <= 3_600:
            raise ValueError("arrivals: within 0 to 3,600 seconds")
        if not 0 <= self.sockets_percent <= 100:
            raise ValueError("sockets: 0 to 100 percent of the crowd")
        if set(self.tempers) - set(get_args(Temper)) or sum(self.tempers.values()) > 100:
            raise ValueError("tempers are percent of the crowd")

    def arrivals_s(self) -> list[float]:
        """When each visitor means to enter, in seconds after the opening, ascending."""
        random = Random(f"arrivals {self.seed}")  # noqa: S311  # repeatable on purpose
        offsets = [self._moment(random.random()) for _ in range(self.users_count)]
        return sorted(offsets)

    def visitors(self, users: Sequence[tuple[int, str]]) -> list[Visitor]:
        """Users as (id, token), at least `users_count` of them, with all that is decided beforehand."""
        if len(users) < self.users_count:
            raise ValueError(f"{self.users_count:,} users are needed, {len(users):,} are there")
        random = Random(f"crowd {self.seed}")  # noqa: S311  # repeatable on purpose
        arrivals = self.arrivals_s()
        return [
            self._visitor(number, user, arrives_s, random)
            for number, (user, arrives_s) in enumerate(zip(users, arrivals, strict=False))
        ]

    def to_json(self) -> dict[str, Any]:
        """As plain values; the opposite of `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """A plan that `to_json` wrote."""
        return cls(**{**raw, "mix": Mix(**raw["mix"])})

    def _moment(self, chance: float) -> float:
        if self.arrival == "even":
            return chance * self.arrive_within_s
        reached = 1 - math.exp(-_RUSH_STEEPNESS)
        return -math.log(1 - chance * reached) / _RUSH_STEEPNESS * self.arrive_within_s

    def _visitor(
        self, number: int, user: tuple[int, str], arrives_s: float, random: Random
    ) -> Visitor:
        parts = (self.mix.card, self.mix.point, self.mix.mixed)
        temper = self._temper(random.random() * 100)
        method: Method = random.choices(get_args(Method), weights=parts)[0]
        return Visitor(
            number=number,
            user_id=user[0],
            token=user[1],
            arrives_s=arrives_s,
            # A card can be declined only where there is one.
            method="CARD" if temper == "declined" and method == "POINT" else method,
            seats_count=2 if random.random() * 100 < self.pairs_percent else 1,
            chooses=random.random() * 100 < self.chooses_percent,
            opens=random.random() * 100 < self.opens_percent,
            temper=temper,
            # A chance of its own, so that the rest of the crowd stays the same.
            listens=Random(f"sockets {self.seed} {number}").random() * 100 < self.sockets_percent,  # noqa: S311
        )

    def _temper(self, chance_percent: float) -> Temper:
        for temper, percent in self.tempers.items():
            if chance_percent < percent:
                return temper
            chance_percent -= percent
        return "steady"
