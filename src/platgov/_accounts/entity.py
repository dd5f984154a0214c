"""Does the name an account shows correspond to the entity that operates it? A trace says why."""

from __future__ import annotations

import enum
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import attrs

from platgov._accounts.checks import refuse
from platgov._accounts.plain import Plain, Reason, in_tuple, plain
from platgov._canonical import digest, shown
from platgov._limits import DEFAULT
from platgov.names import resolved_scripts

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["EntityMatch", "EntityOutcome", "EntityToken", "EntityWords", "entity_match"]

_FORMS: Final = (
    "ltd", "limited", "inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "lp",
    "plc", "pllc", "pte", "pty", "pvt", "private limited", "pty ltd", "pte ltd", "pvt ltd", "co ltd",
    "gmbh", "ggmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "gbr", "ev", "eg", "se", "gmbh & co kg",
    "haftungsbeschränkt", "bv", "nv", "ab", "as", "asa", "aps", "oy", "oyj", "sa", "sas", "sasu",
    "sarl", "eurl", "sci", "snc", "société anonyme", "société par actions simplifiée", "sl", "slu",
    "sau", "sociedad limitada", "sociedad anónima", "sa de cv", "s de rl de cv", "spa", "srl", "ltda",
    "lda", "sp z oo", "sro", "kft",
    "ооо", "оао", "зао", "пао", "ао", "ип",  # noqa: RUF001 - Cyrillic forms
    "aş", "ltd şti", "股份有限公司", "有限责任公司", "有限責任公司", "有限公司", "集团有限公司",
    "集團有限公司", "股份公司", "总公司", "分公司", "公司", "有限合伙", "普通合伙", "合伙企业",
    "个体工商户", "株式会社", "有限会社", "合同会社", "合資会社", "주식회사", "유한회사", "株", "有",
    "주", "유",
)  # fmt: skip
_GENERIC: Final = (
    "group", "holding", "holdings", "international", "global", "trading", "services", "service",
    "technology", "technologies", "solutions", "systems", "industries", "enterprises", "gruppe",
    "groupe", "grupo", "gruppo", "集团", "集團", "控股", "科技", "网络", "網絡", "信息", "技术", "技術",
    "文化", "传媒", "傳媒", "传播", "餐饮", "餐飲", "管理", "贸易", "貿易", "实业", "實業", "投资",
    "投資", "咨询", "服务", "服務", "发展", "發展", "电子", "商务", "广告",
)  # fmt: skip
_CLAIMS: Final = (
    "official", "officiel", "officielle", "oficial", "offiziell", "ufficiale", "verified", "the",
    "官方", "官方账号", "官方帳號", "官方微博", "官微", "公式", "공식",
)  # fmt: skip
_PLACES: Final = (
    "china", "deutschland", "germany", "france", "españa", "usa", "uk", "europe", "中国", "中國",
    "北京", "上海", "天津", "重庆", "广东", "广州", "深圳", "浙江", "杭州", "江苏", "南京", "苏州",
    "四川", "成都", "湖北", "武汉", "陕西", "西安", "山东", "福建", "厦门", "湖南", "长沙", "河南",
    "河北", "香港", "台湾", "臺灣", "日本", "北京市", "上海市", "深圳市", "广州市", "杭州市",
)  # fmt: skip
_SHORT: Final = (
    ("intl", "international"), ("int", "international"), ("bros", "brothers"), ("mfg", "manufacturing"),
    ("assoc", "association"), ("assn", "association"), ("univ", "university"), ("dept", "department"),
    ("natl", "national"), ("svcs", "services"), ("tech", "technology"), ("grp", "group"),
    ("st", "saint"), ("gebr", "gebrüder"), ("ges", "gesellschaft"), ("cie", "compagnie"),
    ("hnos", "hermanos"), ("and", "&"), ("und", "&"), ("et", "&"), ("y", "&"),
)  # fmt: skip
_MARKS: Final = re.compile("[\u0300-\u036f]")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|&")
_DOTTED: Final = re.compile(r"(?<!\w)(?:\w\s?\.\s?){1,5}\w?(?!\w)")
_DOTS: Final = re.compile(r"[.\s]")
_RUN: Final = re.compile(
    "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[\u3040-\u30ff]+|[\uac00-\ud7af]+"
    "|[^\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3040-\u30ff\uac00-\ud7af]+"
)


class EntityOutcome(enum.Enum):
    """How a shown name corresponds to an entity."""

    MATCH = "match"
    """Nothing distinctive is missing and nothing is added."""
    ALIAS = "alias"
    """It is a name on file for the entity."""
    REVIEW = "review"
    """It may: initials, a part, an addition, another script. People look at it."""
    MISMATCH = "mismatch"
    """In one script, nothing distinctive is shared. People look at it, too, before anything follows."""


@attrs.frozen(kw_only=True)
class EntityToken:
    """One word of one of the two names, and what became of it.

    Attributes:
        side: ``display`` or ``legal``.
        text: As compared: compatibility forms and case folded.
        role: ``core``, ``form`` (of a company), ``place``, ``generic`` or ``claim`` (``official``).
        how: ``same``, ``abbreviation``, ``initials``, ``part``; empty if the other name has nothing like it.
        other: What it corresponds to in the other name.
    """

    side: str
    text: str
    role: str
    how: str = ""
    other: str = ""


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(type(one) is str for one in value):
        raise refuse("EntityWords", f"{shown(value)} is no list of words; give texts", code="type")
    words = {" ".join(_tokens(one)) for one in value}
    if "" in words:
        raise refuse("EntityWords", f"{shown(value)} holds one without a letter or digit; give words")
    return tuple(sorted(words))


def _is_word(value: object) -> bool:
    return type(value) is str and value.isprintable() and bool(value.strip())


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    pairs = value if isinstance(value, list | tuple) else ()
    good = all(isinstance(one, list | tuple) and len(one) == 2 and all(map(_is_word, one)) for one in pairs)
    if not isinstance(value, list | tuple) or not good:
        raise refuse("EntityWords", f"short is {shown(value)}; give pairs of short and full words", path="$.short")
    return tuple(sorted((_flat(one), _flat(full)) for one, full in pairs))


@attrs.frozen(kw_only=True)
class EntityWords(Plain):
    """The words that do not make a name distinctive. Hosts add their own.

    Attributes:
        forms: Forms of companies, found at the end of a name, or at its start.
        generic: Words for what any company does.
        claims: Words that claim to speak for the entity.
        places: Regions.
        short: Pairs of a short and a full word.
    """

    kind = "entity_words"
    forms: tuple[str, ...] = attrs.field(default=_FORMS, converter=_words)
    generic: tuple[str, ...] = attrs.field(default=_GENERIC, converter=_words)
    claims: tuple[str, ...] = attrs.field(default=_CLAIMS, converter=_words)
    places: tuple[str, ...] = attrs.field(default=_PLACES, converter=_words)
    short: tuple[tuple[str, str], ...] = attrs.field(default=_SHORT, converter=_pairs)


@attrs.frozen(kw_only=True)
class EntityMatch:
    """How a shown name corresponds to the operating entity.

    Attributes:
        outcome: How.
        trace: Every word of both names, and what became of it.
        extra: Distinctive words that only the shown name has.
        missing: Distinctive words that only the legal name has.
        alias: The name on file that it is; None if it is none.
        reasons: Why.
        words: Digest of the word lists.
    """

    outcome: EntityOutcome
    trace: tuple[EntityToken, ...]
    extra: tuple[str, ...]
    missing: tuple[str, ...]
    alias: str | None
    reasons: tuple[Reason, ...]
    words: str

    @property
    def needs_human(self) -> bool:
        """Whether people have to look before anything follows."""
        return self.outcome in (EntityOutcome.REVIEW, EntityOutcome.MISMATCH)

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values."""
        return {"kind": "entity_match", "schema": 1, **plain(self)}

    @property
    def digest(self) -> str:
        """Content address."""
        return digest(self.to_dict())


def entity_match(
    display_name: str, legal_name: str, *, aliases: Iterable[str] = (), words: EntityWords | None = None
) -> EntityMatch:
    """Compare the name that an account shows with the name of the entity that operates it.

    Case, width, accents, punctuation and company forms make no difference; usual abbreviations
    are read as what they stand for. Between scripts nothing is guessed: a name in Latin letters
    for a Chinese entity is on file as an alias, or people look at it. Never refuses anything.

    Args:
        display_name: As shown.
        legal_name: As registered.
        aliases: Brands and short names on file for the entity.
        words: What does not make a name distinctive; None for the built-in lists.

    Raises:
        InputError: A name is no text, empty or too long; an alias is none.
    """
    lists = _DEFAULT if words is None else words
    if not isinstance(lists, EntityWords):
        raise refuse("entity_match", f"words is {shown(words)}; give EntityWords", path="$.words", code="type")
    shown_name, legal = _Name("display", display_name, lists), _Name("legal", legal_name, lists)
    on_file = [(_Name("alias", one, lists), one) for one in _aliases(aliases)]
    alias = next((text for name, text in on_file if name.key == shown_name.key), None)
    outcome, code, says = _compared(shown_name, legal)
    if alias is not None and outcome is not EntityOutcome.MATCH:
        outcome, code, says = EntityOutcome.ALIAS, "alias", "It is a name on file for the entity."
    tokens = (*shown_name.tokens, *legal.tokens)
    extra = tuple(one.text for one in shown_name.tokens if not one.how and one.role not in ("form", "claim"))
    missing = tuple(one.text for one in legal.tokens if not one.how and one.role == "core")
    evidence = (f"extra: {' '.join(extra)}",) * bool(extra) + (f"missing: {' '.join(missing)}",) * bool(missing)
    return EntityMatch(
        outcome=outcome,
        trace=tokens,
        extra=extra,
        missing=missing,
        alias=alias,
        reasons=(Reason(code=code, rule="entity", says=says, evidence=evidence),),
        words=lists.digest,
    )


class _Name:
    """A name in words, each with its role."""

    def __init__(self, side: str, text: Any, words: EntityWords) -> None:
        if type(text) is not str or not text.strip() or len(text.encode(errors="replace")) > 4 * DEFAULT.name_bytes:
            wanted = f"give 1 to {4 * DEFAULT.name_bytes} bytes of text"
            raise refuse("entity_match", f"{side} name is {shown(text)}; {wanted}", path=f"$.{side}", code="type")
        self.side = side
        self.tokens = [EntityToken(side=side, text=text, role=role) for text, role in _roles(_tokens(text), words)]
        self.full = dict(words.short)

    @property
    def key(self) -> tuple[str, ...]:
        """What is compared: all words but forms and claims, abbreviations written out."""
        return tuple(self.full.get(one.text, one.text) for one in self.tokens if one.role not in ("form", "claim"))

    def core(self) -> list[int]:
        """Give the places of the distinctive words; an "and" is none."""
        words = enumerate(self.tokens)
        return [place for place, one in words if one.role == "core" and self.full.get(one.text, one.text) != "&"]

    def set(self, place: int, how: str, other: str) -> None:
        """Say what became of a word."""
        self.tokens[place] = attrs.evolve(self.tokens[place], how=how, other=other)


def _compared(one: _Name, other: _Name) -> tuple[EntityOutcome, str, str]:
    """Say what became of every word, and what follows."""
    _pair(one, other)
    outcome = EntityOutcome
    mine, theirs = one.core(), other.core()
    if one.key and one.key == other.key:
        return outcome.MATCH, "same", "The names are the same but for company forms."
    if not mine or not theirs:
        return outcome.REVIEW, "nothing_distinctive", "One of the names has no distinctive word."
    lone = [place for place in mine if not one.tokens[place].how]
    lost = [place for place in theirs if not other.tokens[place].how]
    added = [o for o in one.tokens if not o.how and o.role in ("generic", "place")]
    if not lone and not lost and not added:
        return outcome.MATCH, "core_same", "The distinctive words are the same; only general ones are left out."
    initials = _initials(one, other)
    if initials:
        return outcome.REVIEW, "initials", "It is made of the initials of the other."
    if not lone and not lost:
        return outcome.REVIEW, "added", "It adds a field or a region to the name of the entity."
    if len(lone) < len(mine) or len(lost) < len(theirs) or _parts(one, other, lone, lost):
        return outcome.REVIEW, "partly", "The names share distinctive words and differ in others."
    if not _scripts(one) & _scripts(other):
        return (
            outcome.REVIEW,
            "scripts_differ",
            "The names are in different scripts, and nothing is guessed between them.",
        )
    return outcome.MISMATCH, "different", "The names share no distinctive word."


def _pair(one: _Name, other: _Name) -> None:
    """Pair equal words, each with one of the other name."""
    free = dict.fromkeys(range(len(other.tokens)))
    for place, token in enumerate(one.tokens):
        full = one.full.get(token.text, token.text)
        found = next((at for at in free if other.full.get(other.tokens[at].text, other.tokens[at].text) == full), None)
        if found is not None:
            free.pop(found)
            how = "same" if other.tokens[found].text == token.text else "abbreviation"
            one.set(place, how, other.tokens[found].text)
            other.set(found, how, token.text)


def _initials(one: _Name, other: _Name) -> bool:
    """Find a lone word that is the initials of the other name, in either direction."""
    for short, long in ((one, other), (other, one)):
        mine = short.core()
        said = [
            place
            for place, token in enumerate(long.tokens)
            if token.role not in ("form", "claim") and token.text != "&"
        ]
        made = "".join(long.tokens[place].text[0] for place in said)
        if len(mine) == 1 and len(made) > 1 and short.tokens[mine[0]].text == made:
            short.set(mine[0], "initials", " ".join(long.tokens[place].text for place in said))
            for place in said:
                long.set(place, "initials", made)
            return True
    return False


def _parts(one: _Name, other: _Name, lone: list[int], lost: list[int]) -> bool:
    """Find words that hold one another: 张三 in 张三火锅, face in facebook. At least two or four letters."""
    found = False
    for mine in lone:
        for theirs in lost:
            a, b = one.tokens[mine].text, other.tokens[theirs].text
            short, long = sorted((a, b), key=len)
            if len(short) >= (2 if _RUN_NATIVE.match(short) else 4) and short in long:
                one.set(mine, "part", b)
                other.set(theirs, "part", a)
                found = True
    return found


_RUN_NATIVE: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


def _scripts(name: _Name) -> frozenset[str]:
    return frozenset(
        script for place in name.core() for script in (resolved_scripts(name.tokens[place].text) or ("Zyyy",))
    )


def _flat(text: str) -> str:
    """Fold case, width and accents."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", folded)))


def _tokens(text: str) -> list[str]:
    flat = _DOTTED.sub(lambda found: f" {_DOTS.sub('', found.group())} ", _flat(text))
    return [part for word in _WORD.findall(flat) for part in _RUN.findall(word.replace("\u2019", "'"))]


def _roles(tokens: list[str], words: EntityWords) -> list[tuple[str, str]]:
    """Tell the role of each word, and cut what is written without spaces into its words."""
    forms, claims, places, generic = (set(each) for each in (words.forms, words.claims, words.places, words.generic))
    native = {
        word: role
        for role, listed in (("generic", generic), ("place", places), ("claim", claims), ("form", forms))
        for word in listed
        if len(word) > 1 and _RUN_NATIVE.match(word)
    }
    kinds = {**dict.fromkeys(generic, "generic"), **dict.fromkeys(places, "place"), **dict.fromkeys(claims, "claim")}
    found: list[tuple[str, str]] = []
    for token in tokens:
        found += _cut(token, native) if _RUN_NATIVE.match(token) else [(token, "core")]
    begin, end = _forms_at_ends([text for text, _ in found], forms)
    named = []
    for place, (text, role) in enumerate(found):
        if not begin <= place < end:
            role = "form"  # noqa: PLW2901 - the place decides
        elif role == "core":
            role = kinds.get(text, role)  # noqa: PLW2901 - as above
        named.append((text, role))
    return named


def _cut(token: str, native: dict[str, str]) -> list[tuple[str, str]]:
    """Cut listed words off the ends of a run without spaces, the longest first; what is left is the core.

    Words inside are left alone: 上海 is a place at the start of a name and may be anything in its middle.
    """
    front: list[tuple[str, str]] = []
    back: list[tuple[str, str]] = []
    while token:
        ahead = next((token[:n] for n in range(min(len(token), 8), 1, -1) if native.get(token[:n]) in _LEADING), None)
        behind = next((token[-n:] for n in range(min(len(token), 8), 1, -1) if token[-n:] in native), None)
        if behind is not None:
            back.insert(0, (behind, native[behind]))
            token = token[: -len(behind)]
        elif ahead is not None:
            front.append((ahead, native[ahead]))
            token = token[len(ahead) :]
        else:
            break
    return [*front, *([(token, "core")] if token else []), *back]


_LEADING: Final = frozenset({"place", "form"})


def _forms_at_ends(tokens: list[str], forms: set[str]) -> tuple[int, int]:
    """Give the part of a name that no company form takes up; it keeps at least one word."""
    begin, end = 0, len(tokens)
    longest = 5
    while end > 1:
        size = next((n for n in range(min(longest, end - 1), 0, -1) if " ".join(tokens[end - n : end]) in forms), 0)
        if not size:
            break
        end -= size
    for size in range(min(longest, end - 1), 0, -1):
        lead = " ".join(tokens[:size])
        # Short Latin words lead many a name that is no company: "AS Roma".
        if lead in forms and not (lead.isascii() and len(lead) < 4):
            begin = size
            break
    return begin, end


def _aliases(values: Any) -> tuple[str, ...]:
    found = tuple(values) if hasattr(values, "__iter__") and not isinstance(values, str) else in_tuple(values)
    if not isinstance(found, tuple):
        raise refuse("entity_match", f"aliases is {shown(values)}; give a list of texts", path="$.aliases", code="type")
    return found


_DEFAULT: Final = EntityWords()
