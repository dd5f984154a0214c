"""Links, mail addresses, telephone numbers and accounts elsewhere in a name, plain or obfuscated."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from platgov._names.chars import kinds, unassigned_in_14
from platgov._names.folding import fold
from platgov._names.tables import tables
from platgov._names.units import OPEN, letters_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONTACT_WORDS", "TOP_LEVELS", "Contact", "ContactFinder"]

# Endings that make "word.ending" a link by itself. Country codes that are also words or initials
# ("me", "de", "it") are not among them: those count after www, before a path, or as co.uk.
TOP_LEVELS = (
    "com", "net", "org", "info", "biz", "xyz", "top", "shop", "site", "online", "club", "vip", "app", "dev", "io",
    "store", "live", "link", "click", "icu", "work", "world", "space", "website", "tech", "page", "edu", "gov", "cn",
    "ru", "cc", "tk", "gg", "ly", "uk", "jp", "kr", "eu", "fun", "win", "bet", "porn", "casino", "loan", "中国", "рф",
)  # fmt: skip

# What stands before an account name elsewhere.
CONTACT_WORDS = (
    "wechat", "weixin", "whatsapp", "telegram", "skype", "snapchat", "instagram", "insta", "viber", "signal", "kakao",
    "kakaotalk", "line", "discord", "tiktok", "qq", "vx", "wx", "tg", "ig", "tel", "phone", "mobile", "call", "email",
    "mail", "text", "微信", "薇信", "威信", "扣扣", "企鹅", "电话", "手机", "邮箱", "联系", "联系方式", "加我", "加微",
    "電話", "携帯", "телефон", "тел", "почта", "тг", "телеграм", "هاتف", "واتساب", "전화", "카톡", "라인",
)  # fmt: skip

_HAN_DIGITS = dict(zip("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺貳參陸", "001234567891234567891236", strict=True))
_DOTS = frozenset("\u3002\uff0e\uff61\u2024\u00b7\u30fb\u2027\u2022\u0701\u0702\u06d4\u2e31\u22c5\u2219")
_DOT_WORDS = r"dot|punkt|punto|ponto|point|точка|点|點|どっと|ドット"
_TITLES = "mr|mrs|ms|dr|st|jr|sr|prof"
_AT_WORDS = r"at|arroba|собака|艾特"
# A name without any of these has no contact detail in it. Looking is several times cheaper than finding.
_MAY = re.compile(
    r"[@:/=>#]|[\[({<]\s*(?:\.|dot|punkt|punto|ponto|point|точка|点|點|at|arroba|собака)|[^\s.][.]|\s\.\s|\d(?:[^\d]{0,3}[\doil]){4}|\d[\doil]{4}|[\u3400-\u9fff]\s?[a-z0-9][\w-]{4}"
    r"|[^\W\d_]\s?(?:dot|punkt|punto|ponto|point|точка|点|點|ドット|どっと)\s?[^\W\d_]"
)
_LONG, _SHORTEST = 10, 7
_DATE = re.compile(r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2}))")


class Contact(NamedTuple):
    """A contact detail, found.

    Attributes:
        code: ``link``, ``email``, ``phone`` or ``handle``.
        start: Offset in the name of the first character.
        end: Offset after the last one.
        text: What it was read as.
    """

    code: str
    start: int
    end: int
    text: str


class _Wide(dict[int, str]):
    """Characters without width, letter case and digit system. Not more entries than characters exist."""

    def __missing__(self, code: int) -> str:
        wide = self[code] = _wide(chr(code))
        return wide


class _Plain(dict[int, str]):
    """The same without look-alikes, digits excepted. Not more entries than characters exist."""

    def __missing__(self, code: int) -> str:
        wide = _wides[code]
        if not wide.isascii() and kinds[chr(code)].category != "Cs":
            shape = fold(chr(code))
            wide = shape if shape.isascii() and shape.isalpha() else wide
        self[code] = wide
        return wide


_wides = _Wide()
_plains = _Plain()
_BASIC = re.compile("[a-z0-9]")
# Wide forms of ideographs are in the first range.
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U0002f800-\U0002fa1f]")


def _wide(char: str) -> str:
    kind = kinds[char]
    if kind.zero is not None:
        return str(ord(char) - kind.zero)
    if char in _DOTS:
        return "."
    if kind.category == "Cs" or tables().skeleton.rows.get(ord(char)) == "":
        return ""
    # What an older Python does not know as a letter must not be one on a newer one.
    return "\ufffd" if unassigned_in_14(char) else unicodedata.normalize("NFKC", char).casefold()


class ContactFinder:
    """Finds contact details by the given endings of domains and words before account names."""

    def __init__(self, top_levels: tuple[str, ...], words: tuple[str, ...]) -> None:
        ends = "|".join(sorted({re.escape(end.casefold()) for end in top_levels} | {"c[o0]m"}, key=len, reverse=True))
        known = "|".join(sorted({re.escape(word.casefold()) for word in words}, key=len, reverse=True)) or "(?!)"
        han = "|".join(re.escape(word) for word in words if kinds[word[0]].script == "Hani") or "(?!)"
        gap = rf"(?:\.|\s+\.\s+|\s*[(\[{{<]\s*(?:\.|{_DOT_WORDS})\s*[)\]}}>]\s*|\s+(?:{_DOT_WORDS})\s+|\s*(?:点|點)\s*)"
        label = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
        stop = r"(?![\w-])"
        path = r"(?:[/?#:][\w./?=&%#-]*)?"
        at = rf"(?:\s*@\s*|\s*[(\[{{<]\s*(?:@|{_AT_WORDS})\s*[)\]}}>]\s*|\s+(?:{_AT_WORDS})\s+)"
        self._email = re.compile(rf"[\w+][\w.+-]{{0,63}}{at}(?:{label}{gap})+(?:{ends}|[a-z]{{2,}}){stop}")
        self._link = re.compile(
            rf"[a-z][a-z0-9+-]{{1,10}}://[^\s]+"
            rf"|(?<!\w)www\d?{gap}{label}(?:{gap}{label})*{path}"
            rf"|(?<![\w.])(?:{label}\.)*{label}\.[a-z]{{2,}}/[\w./?=&%#-]+"
            rf"|(?<![\w.])(?:{label}\.)+(?:co|com|org|net|ac|gov|edu)\.[a-z]{{2}}{stop}"
            rf"|(?<![\w.])(?!(?:{_TITLES})\.)(?:{label}{gap})*?[^\W_][\w-]{{0,61}}[^\W_]{gap}(?:{ends}){stop}{path}"
        )
        self._handle = re.compile(
            rf"(?<![\w.])@\s?[^\W_][\w.]{{2,}}"
            rf"|(?<![^\W\d_])(?:{known})\s*(?:id|no|号|號)?\s*[:\uff1a=>\-+#]+\s*@?[\w.+-]{{3,}}"
            rf"|(?<![^\W\d_])(?:{known})\s*(?:id|号|號)?\s*@?(?:[a-z_-]*\d){{5,}}[\w-]*"
            rf"|(?:{han})"
            rf"(?:号|號)?\s?[a-z0-9][\w-]{{4,}}"
        )
        dots = [letters_of(word) for word in _DOT_WORDS.split("|")]
        self._dotted = re.compile("|".join(re.escape(dot) for dot in dots if OPEN not in dot))
        self._word = re.compile(rf"(?<![^\W\d_])(?:{known})(?![^\W\d_])|[\u260e\U0001f4de\U0001f4f1]")

    def find(self, name: str, *, letters: str | None = None) -> Iterator[Contact]:
        """Give contact details, each place once, in the order of the kinds above. O(n) in practice.

        Args:
            name: Any name.
            letters: What `letters_of` gives for it, if it holds letters, marks and spaces only.
        """
        ascii_only = name.isascii()
        if letters is not None and not self._may_spell(name, letters, plain=ascii_only):
            return
        text = name.lower() if ascii_only else name.translate(_wides)
        if _MAY.search(text) is None and not _counts(name):
            return
        offsets = list(range(len(name)))
        lines = list(_lines(text, offsets))
        if not ascii_only:
            # As it is written, for an address in Cyrillic, and as it looks, for one in disguise.
            lines = []
            for table in (_wides, _plains):
                text = name.translate(table)
                offsets = [place for place, char in enumerate(name) for _ in table[ord(char)]]
                lines += _lines(text, offsets)
        taken: list[tuple[int, int]] = []
        for line, places in lines:
            for code, pattern in (("email", self._email), ("link", self._link)):
                for match in pattern.finditer(line):
                    yield from _free(taken, code, places[match.start()], places[match.end() - 1] + 1, match[0])
        digits = "".join(_HAN_DIGITS.get(char, char) for char in text)
        for start, end, number in _numbers(digits, known=self._word.search(text) is not None):
            yield from _free(taken, "phone", offsets[start], offsets[end - 1] + 1, number)
        for line, places in lines:
            for match in self._handle.finditer(line):
                yield from _free(taken, "handle", places[match.start()], places[match.end() - 1] + 1, match[0])

    def _may_spell(self, name: str, letters: str, *, plain: bool) -> bool:
        """Whether a name of letters, marks and spaces can hold a contact detail: `_MAY` once more, short.

        What it takes is a dot in words, digits in words, or a Latin account after a Han word.
        """
        if plain:
            return self._dotted.search(letters) is not None
        if OPEN in letters or self._dotted.search(letters) is not None or _counts(name):
            return True
        return _HAN.search(name) is not None and _BASIC.search(letters) is not None


def _counts(name: str) -> bool:
    """Whether there are enough Han digits for a telephone number."""
    if len(name) < _SHORTEST or _HAN_DIGITS.keys().isdisjoint(name):
        return False
    return sum(map(_HAN_DIGITS.__contains__, name)) >= _SHORTEST


def _free(taken: list[tuple[int, int]], code: str, start: int, end: int, text: str) -> Iterator[Contact]:
    if all(end <= first or last <= start for first, last in taken):
        taken.append((start, end))
        yield Contact(code, start, end, text)


def _lines(text: str, offsets: list[int]) -> Iterator[tuple[str, list[int]]]:
    """Give the text, and the text with letters that stand alone drawn together."""
    yield text, offsets
    spaced = [
        place
        for place in range(1, len(text) - 1)
        if text[place] == " " and _alone(text, place - 1, -1) and _alone(text, place + 1, 1)
    ]
    if len(spaced) >= 3:
        kept = [place for place in range(len(text)) if place not in {*spaced}]
        yield "".join(text[place] for place in kept), [offsets[place] for place in kept]


def _alone(text: str, place: int, step: int) -> bool:
    return text[place] != " " and (not 0 <= place + step < len(text) or text[place + step] == " ")


_NUMBER = re.compile(r"\+?[(]?[0-9oil](?:[^\w\n]{0,3}[0-9oil]){6,}")


def _numbers(text: str, *, known: bool) -> Iterator[tuple[int, int, str]]:
    """Give start, end and digits of what can be a telephone number.

    Ten digits and more are one. Seven to nine are one after ``+``, in groups as numbers are
    written, or in a name that has a word for telephone in it.
    """
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        # Letters count as digits only between digits: "o" of a word before or after is not one.
        while start < end and not (text[start].isdigit() or text[start] in "+("):
            start += 1
        while start < end and not text[end - 1].isdigit() and text[end - 1] != "o":
            end -= 1
        written = text[start:end]
        number = written.translate({ord("o"): "0", ord("i"): "1", ord("l"): "1"})
        number = "".join(filter(str.isdigit, number))
        true = sum(map(str.isdigit, written))
        inside = start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")
        if len(number) < (_LONG if inside else _SHORTEST) or true * 2 + 1 < len(number) or _DATE.fullmatch(written):
            continue
        groups = [group for group in re.split(r"[^0-9oil]+", written) if group]
        grouped = len(groups) > 1 and max(map(len, groups)) >= 3 and min(map(len, groups)) >= 2
        if (
            len(number) >= _LONG
            or written.startswith("+")
            or known
            or (grouped and len(groups) <= 5 and not _years(groups))
        ):
            yield start, end, number


def _years(groups: list[str]) -> bool:
    """Whether groups of digits are years, as in "1990 2020"."""
    return all(len(group) == 4 and group[:2] in ("19", "20") for group in groups)
