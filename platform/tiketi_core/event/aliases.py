"""Under which names the same artist is known in Korean and in English: data for the search, nothing else.

Each line is one artist; names are written as `rules.fold` leaves them. An event whose title or artist
has one of the names as whole words is found by all of them.
"""

from typing import Final

ALIASES: Final[tuple[tuple[str, ...], ...]] = (
    ("싸이", "psy"),
    ("방탄소년단", "bts"),
    ("블랙핑크", "blackpink"),
    ("아이유", "iu"),
    ("뉴진스", "newjeans"),
    ("에스파", "aespa"),
    ("아이브", "ive"),
    ("르세라핌", "le sserafim"),
    ("스트레이 키즈", "스트레이키즈", "stray kids"),
    ("세븐틴", "seventeen"),
    ("트와이스", "twice"),
    ("레드벨벳", "red velvet"),
    ("소녀시대", "girls generation", "snsd"),
    ("빅뱅", "bigbang"),
    ("지드래곤", "g dragon"),
    ("엑소", "exo"),
    ("샤이니", "shinee"),
    ("엔시티", "nct"),
    ("투모로우바이투게더", "txt"),
    ("엔하이픈", "enhypen"),
    ("있지", "itzy"),
    ("여자아이들", "i dle"),
    ("마마무", "mamamoo"),
    ("태연", "taeyeon"),
    ("임영웅", "lim young woong"),
    ("성시경", "sung si kyung"),
    ("박효신", "park hyo shin"),
    ("이문세", "lee moon sae"),
    ("조용필", "cho yong pil"),
    ("나훈아", "na hoon a"),
    ("잔나비", "jannabi"),
    ("혁오", "hyukoh"),
    ("콜드플레이", "coldplay"),
    ("브루노 마스", "브루노마스", "bruno mars"),
    ("찰리 푸스", "찰리푸스", "charlie puth"),
    ("테일러 스위프트", "taylor swift"),
)
