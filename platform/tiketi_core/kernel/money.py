"""Money is whole won; one point is one won. Nothing here rounds, because nothing here divides."""

from typing import NewType

Won = NewType("Won", int)
"""An integer number of won (and of points), never negative unless a history line says so."""
