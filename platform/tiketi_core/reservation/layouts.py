"""The halls there are, in code: a hall is built once, and nobody edits one at run time."""

from typing import Final

from tiketi_core.reservation.model import Layout, Section

_SMALL: Final = Layout(
    "small_theater",
    "소극장 Small theater",
    (
        Section("VIP", 3, 15, 110_000),
        Section("R", 6, 20, 88_000, start_row=4),
        Section("S", 5, 20, 66_000, start_row=10),
    ),
)
_LARGE: Final = Layout(
    "large_theater",
    "대극장 Large theater",
    (
        Section("VIP", 5, 30, 154_000),
        Section("R", 10, 40, 121_000, start_row=6),
        Section("S", 10, 40, 88_000, start_row=16),
        Section("A", 10, 30, 55_000, start_row=26),
    ),
)
_STADIUM: Final = Layout(
    "sports_stadium",
    "종합경기장 Sports stadium",
    (
        Section("VIP", 4, 50, 165_000),
        Section("응원석", 10, 70, 110_000),
        Section("1루 내야", 20, 50, 88_000),
        Section("3루 내야", 20, 50, 88_000),
        Section("외야", 40, 50, 44_000),
    ),
)
_STADIUM_50000: Final = Layout(
    "stadium_50000",
    "월드 스타디움 Stadium for 50,000",
    (
        *(Section(f"Floor {name}", 40, 50, 165_000) for name in "ABC"),
        *(Section(f"1층 {side}", 40, 100, 132_000) for side in "동서남북"),
        *(Section(f"2층 {side}", 50, 100, 99_000, start_row=41) for side in "동서남북"),
        *(Section(f"3층 {side}", 40, 100, 55_000, start_row=91) for side in "동서"),
    ),
)

LAYOUTS: Final[dict[str, Layout]] = {
    layout.name: layout for layout in (_SMALL, _LARGE, _STADIUM, _STADIUM_50000)
}
"""The halls by name, smallest first."""
