"""What the queue service is made of, put together from opened resources; opens nothing itself."""

from dataclasses import dataclass

from tiketi_core.queue.use_cases import WaitingRoom
from tiketi_platform.adapters.peers.events import EventCatalogue
from tiketi_platform.adapters.redis.admissions import AdmissionOutbox
from tiketi_platform.adapters.redis.pulse import RoomPulse
from tiketi_platform.adapters.redis.waiting_room import RedisRoom
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.services.queue.events import SaleCatalogue
from tiketi_platform.services.queue.pump import Pump
from tiketi_platform.services.queue.realtime import Realtime
from tiketi_platform.services.queue.tokens import SignedEntries
from tiketi_sdk.contract.auth import Jwks


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueService:
    """The waiting rooms, ready to serve."""

    waiting_room: WaitingRoom
    pump: Pump
    realtime: Realtime
    jwks: Jwks
    admissions: AdmissionOutbox
    """Whom to tell that their turn has come."""


def build(resources: Resources) -> QueueService:
    """The queue service; raises FileNotFoundError when its private key is missing."""
    clock = resources.clock
    signer = Signer.from_file(resources.settings.keys_dir / "queue.pem")
    waiting_room = WaitingRoom(
        room=RedisRoom(resources.redis, resources.scripts, own_clock=True),
        events=SaleCatalogue(EventCatalogue(resources.peers), clock),
        tokens=SignedEntries(signer, clock),
        clock=clock,
    )
    realtime = Realtime(
        waiting_room=waiting_room,
        pulse=RoomPulse(resources.scripts),
        redis=resources.redis.address,
        clock=clock,
    )
    return QueueService(
        waiting_room=waiting_room,
        pump=Pump(waiting_room),
        realtime=realtime,
        jwks=signer.jwks,
        admissions=AdmissionOutbox(resources.redis, resources.scripts),
    )
