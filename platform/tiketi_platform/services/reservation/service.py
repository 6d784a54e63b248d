"""What the reservation service is made of, put together once; decides nothing itself."""

from dataclasses import dataclass
from typing import Final

from tiketi_core.kernel.clock import Clock
from tiketi_core.reservation.use_cases import Policy, Reservations, Seating, Tickets
from tiketi_platform.adapters.peers.events import EventCatalogue
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.reservation.exports import PostgresExports
from tiketi_platform.adapters.postgres.reservation.holds import PostgresReservations
from tiketi_platform.adapters.postgres.reservation.seating import PostgresSeating
from tiketi_platform.adapters.postgres.reservation.tickets import PostgresTickets
from tiketi_platform.adapters.redis.seat_locks import RedisSeatLocks
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.adapters.tokens.tickets import SignedTickets
from tiketi_platform.services.reservation.sales import CataloguedSales
from tiketi_platform.services.reservation.seat_maps import SeatMaps

KEY_FILE: Final = "reservation.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationService:
    """The use cases over their adapters."""

    reservations: Reservations
    seating: Seating
    maps: SeatMaps
    tickets: Tickets
    seal: SignedTickets
    exports: PostgresExports
    database: Database
    clock: Clock


def build(resources: Resources) -> ReservationService:
    """The service over opened connections."""
    clock, database = resources.clock, resources.database
    sales = CataloguedSales(EventCatalogue(resources.peers))
    seating = Seating(PostgresSeating(database), sales=sales, clock=clock)
    seal = SignedTickets(Signer.from_file(resources.settings.keys_dir / KEY_FILE))
    return ReservationService(
        reservations=Reservations(
            PostgresReservations(database),
            locks=RedisSeatLocks(resources.scripts),
            sales=sales,
            clock=clock,
            policy=Policy(),
        ),
        seating=seating,
        maps=SeatMaps(seating, clock),
        tickets=Tickets(PostgresTickets(database), seal=seal, clock=clock),
        seal=seal,
        exports=PostgresExports(database),
        database=database,
        clock=clock,
    )
