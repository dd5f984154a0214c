"""Mainland China's days off and make-up workdays, 2010 to 2026.

Per year: what the State Council's notices call days off, then each exchange, make-up workday
before the workday off. Weekends that merely adjoin a day off ("together with the weekend") are
not listed: they are rest days anyway. Tests compare every day with two other collections.

Source: yearly notices of the General Office of the State Council on holiday arrangements, with
its amendments of 2015 (3 September), 2019 (1 May) and 2020 (Spring Festival prolonged).
"""

from __future__ import annotations

import datetime as dt
import functools

from platgov._schedules.days import ADJUSTED, HOLIDAY, MAKEUP, DayCalendar

__all__ = ["china_calendar"]

_KNOWN = (dt.date(2010, 1, 1), dt.date(2026, 12, 31))

_YEARS = """
2010 0101-0103 0213-0219 0403-0405 0501-0503 0614-0616 0922-0924 1001-1007
     0220>0218 0221>0219 0612>0614 0613>0615 0919>0923 0925>0924 0926>1006 1009>1007
2011 0101-0103 0202-0208 0403-0405 0430-0502 0604-0606 0910-0912 1001-1007
     0130>0207 0212>0208 0402>0404 1008>1006 1009>1007
2012 0101-0103 0122-0128 0402-0404 0429-0501 0622-0624 0930-1007
     20111231>0103 0121>0126 0129>0127 0331>0402 0401>0403 0428>0430 0929>1005
2013 0101-0103 0209-0215 0404-0406 0429-0501 0610-0612 0919-0921 1001-1007
     0105>0102 0106>0103 0216>0214 0217>0215 0407>0405 0427>0429 0428>0430 0608>0610 0609>0611 0922>0920 0929>1004
     1012>1007
2014 0101 0131-0206 0405-0407 0501-0503 0602 0908 1001-1007
     0126>0205 0208>0206 0504>0502 0928>1006 1011>1007
2015 0101-0103 0218-0224 0405-0406 0501 0620 0622 0903-0905 0927 1001-1007
     0104>0102 0215>0218 0228>0224 0906>0904 1010>1007
2016 0101 0207-0213 0404 0501-0502 0609-0611 0915-0917 1001-1007
     0206>0211 0214>0212 0612>0610 0918>0916 1008>1006 1009>1007
2017 0101-0102 0127-0202 0402-0404 0501 0528-0530 1001-1008
     0122>0127 0204>0202 0401>0403 0527>0529 0930>1006
2018 0101 0215-0221 0405-0407 0429-0501 0618 0924 1001-1007 1230-1231
     0211>0215 0224>0221 0408>0406 0428>0430 0929>1004 0930>1005 1229>1231
2019 0101 0204-0210 0405-0407 0501-0504 0607-0609 0913-0915 1001-1007
     0202>0204 0203>0208 0428>0502 0505>0503 0929>1004 1012>1007
2020 0101 0124-0202 0404-0406 0501-0505 0625-0627 1001-1008
     0119>0124 0426>0504 0509>0505 0628>0626 0927>1007 1010>1008
2021 0101-0103 0211-0217 0403-0405 0501-0505 0612-0614 0919-0921 1001-1007
     0207>0211 0220>0217 0425>0504 0508>0505 0918>0920 0926>1006 1009>1007
2022 0101-0103 0131-0206 0403-0405 0430-0504 0603-0605 0910-0912 1001-1007 1231
     0129>0131 0130>0204 0402>0404 0424>0503 0507>0504 1008>1006 1009>1007
2023 0101-0102 0121-0127 0405 0429-0503 0622-0624 0929-1006
     0128>0126 0129>0127 0423>0502 0506>0503 0625>0623 1007>1005 1008>1006
2024 0101 0210-0217 0404-0406 0501-0505 0610 0915-0917 1001-1007
     0204>0215 0218>0216 0407>0405 0428>0502 0511>0503 0914>0916 0929>1004 1012>1007
2025 0101 0128-0204 0404-0406 0501-0505 0531-0602 1001-1008
     0126>0203 0208>0204 0427>0505 0928>1007 1011>1008
2026 0101-0103 0215-0223 0404-0406 0501-0505 0619-0621 0925-0927 1001-1007
     0104>0102 0214>0220 0228>0223 0509>0505 0920>1006 1010>1007
"""


@functools.cache
def china_calendar() -> DayCalendar:
    """Give mainland China's calendar, known from 2010-01-01 through 2026-12-31.

    ``holiday`` is every day off that a notice names, weekends inside it included;
    ``adjusted_rest_day`` is one of them that is exchanged for a ``makeup_workday``. School
    terms differ by province and are the host's to add: `DayCalendar.with_terms`.
    """
    dates: dict[str, set[dt.date]] = {HOLIDAY: set(), ADJUSTED: set(), MAKEUP: set()}
    year = ""
    for word in _YEARS.split():
        if len(word) == 4 and word.startswith("20"):  # no month is 20
            year = word
        elif ">" in word:
            made_up, off = word.split(">")
            dates[MAKEUP].add(_date(year, made_up))
            dates[ADJUSTED].add(_date(year, off))
        else:
            first, last = _date(year, word[:4]), _date(year, word[-4:])
            dates[HOLIDAY].update(first + dt.timedelta(days) for days in range((last - first).days + 1))
    return DayCalendar(id="cn", dates=dates, known_from=_KNOWN[0], known_through=_KNOWN[1])


def _date(year: str, digits: str) -> dt.date:
    return dt.date.fromisoformat(f"{year}{digits}"[-8:])
