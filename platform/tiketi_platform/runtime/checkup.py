"""`python -m tiketi_platform health`: what a container's health check asks; it imports and starts nothing heavy.

Without names it asks every port a service may have: who refuses the connection runs elsewhere, and
at least one must answer.
"""

import http.client
from collections.abc import Mapping, Sequence
from typing import Final

ANSWER_TIMEOUT_S: Final = 3.0
EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  # compared, not bound


def unhealthy(host: str, ports: Mapping[str, int], names: Sequence[str] = ()) -> list[str]:
    """What is wrong with the services of this machine, a line each; empty when all is well."""
    here = "127.0.0.1" if host in EVERYWHERE else host
    found = {name: _status(here, ports[name]) for name in names or ports}
    if not names:
        found = {name: status for name, status in found.items() if status != "refused"}
        if not found:
            return ["no service listens here"]
    return [f"{name}: {status}" for name, status in found.items() if status != "200"]


def _status(host: str, port: int) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/health/ready", headers={"Connection": "close"})
        return str(connection.getresponse().status)
    except ConnectionRefusedError:
        return "refused"
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
    finally:
        connection.close()
