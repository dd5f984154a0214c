"""What is known of mail providers, telephone numbering and reserved addresses.

Data, not code: a host replaces any of it by giving its own to `Canon`.

Sources: help pages of the providers; ITU-T E.164 country codes and national dialling prefixes;
IANA special-purpose address registries (RFC 6890 and successors).
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from platgov._blacklist.checks import each_of, refuse, text_of

__all__ = [
    "AFFIXES",
    "BLANK_IDS",
    "PLANS",
    "PROVIDERS",
    "RESERVED",
    "ROLES",
    "NumberPlan",
    "Provider",
]


def _domains(values: Any) -> tuple[str, ...]:
    found = each_of(values, "Provider", "domains")
    if not found:
        raise refuse("Provider", "domains", "give one at least", "empty")
    return tuple(text_of(value, "Provider", "domains") for value in found)


def _characters(_: Any, attribute: attrs.Attribute[str], value: object) -> None:
    if type(value) is not str:
        raise refuse("Provider", attribute.name, f"is a {type(value).__name__}; give text, or none as ''", "type")


@attrs.frozen(kw_only=True)
class Provider:
    """How one mail provider delivers.

    Attributes:
        domains: Its domains that lead to one mailbox; the first stands for all.
        tag: What begins a tag that delivery ignores, such as ``+``; empty where nothing does.
        ignored: Characters of the local part that delivery ignores, such as the dot.
    """

    domains: tuple[str, ...] = attrs.field(converter=_domains)
    tag: str = attrs.field(default="", validator=_characters)
    ignored: str = attrs.field(default="", validator=_characters)


PROVIDERS: Final = (
    Provider(domains=("gmail.com", "googlemail.com"), tag="+", ignored="."),
    Provider(domains=("outlook.com",), tag="+"),
    Provider(domains=("hotmail.com",), tag="+"),
    Provider(domains=("live.com",), tag="+"),
    Provider(domains=("icloud.com", "me.com", "mac.com"), tag="+"),
    Provider(domains=("proton.me", "protonmail.com", "pm.me"), tag="+", ignored=".-_"),
    Provider(domains=("fastmail.com", "fastmail.fm"), tag="+"),
    Provider(domains=("yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "ya.ru"), tag="+"),
    # These deliver every character as it is written.
    Provider(domains=("qq.com",)),
    Provider(domains=("163.com",)),
    Provider(domains=("126.com",)),
    Provider(domains=("gmx.de",)),
    Provider(domains=("web.de",)),
)

_OF_ROLES: Final = (
    "abuse account admin billing contact help hello hi hr info job jobs mail me news noreply no-reply office "
    "order orders postmaster sales service shop spam support team test user webmaster"
)
ROLES: Final = frozenset(_OF_ROLES.split())
"""Local parts that say nothing of who holds them."""


@attrs.frozen(kw_only=True)
class NumberPlan:
    """How numbers are written in one region.

    Attributes:
        code: Country calling code.
        trunk: What stands before a national number at home; empty where nothing does.
        exits: Prefixes of international calls.
    """

    code: str
    trunk: str = "0"
    exits: tuple[str, ...] = ("00",)


# Region codes of ISO 3166-1 by calling code.
_CODES: Final = """
1 US CA PR DO JM BS BB TT AG AI BM DM GD GU KN KY LC MP MS AS SX TC VC VG VI|7 RU KZ|20 EG|27 ZA|30 GR|31 NL|32 BE
33 FR|34 ES|36 HU|39 IT VA|40 RO|41 CH|43 AT|44 GB GG IM JE|45 DK|46 SE|47 NO SJ|48 PL|49 DE|51 PE|52 MX|53 CU|54 AR
55 BR|56 CL|57 CO|58 VE|60 MY|61 AU CC CX|62 ID|63 PH|64 NZ|65 SG|66 TH|81 JP|82 KR|84 VN|86 CN|90 TR|91 IN|92 PK
93 AF|94 LK|95 MM|98 IR|211 SS|212 MA EH|213 DZ|216 TN|218 LY|220 GM|221 SN|222 MR|223 ML|224 GN|225 CI|226 BF
227 NE|228 TG|229 BJ|230 MU|231 LR|232 SL|233 GH|234 NG|235 TD|236 CF|237 CM|238 CV|239 ST|240 GQ|241 GA|242 CG
243 CD|244 AO|245 GW|246 IO|247 AC|248 SC|249 SD|250 RW|251 ET|252 SO|253 DJ|254 KE|255 TZ|256 UG|257 BI|258 MZ
260 ZM|261 MG|262 RE YT|263 ZW|264 NA|265 MW|266 LS|267 BW|268 SZ|269 KM|290 SH|291 ER|297 AW|298 FO|299 GL|350 GI
351 PT|352 LU|353 IE|354 IS|355 AL|356 MT|357 CY|358 FI AX|359 BG|370 LT|371 LV|372 EE|373 MD|374 AM|375 BY|376 AD
377 MC|378 SM|380 UA|381 RS|382 ME|383 XK|385 HR|386 SI|387 BA|389 MK|420 CZ|421 SK|423 LI|500 FK|501 BZ|502 GT
503 SV|504 HN|505 NI|506 CR|507 PA|508 PM|509 HT|590 GP BL MF|591 BO|592 GY|593 EC|594 GF|595 PY|596 MQ|597 SR
598 UY|599 CW BQ|670 TL|672 NF|673 BN|674 NR|675 PG|676 TO|677 SB|678 VU|679 FJ|680 PW|681 WF|682 CK|683 NU|685 WS
686 KI|687 NC|688 TV|689 PF|690 TK|691 FM|692 MH|850 KP|852 HK|853 MO|855 KH|856 LA|880 BD|886 TW|960 MV|961 LB
962 JO|963 SY|964 IQ|965 KW|966 SA|967 YE|968 OM|970 PS|971 AE|972 IL|973 BH|974 QA|975 BT|976 MN|977 NP|992 TJ
993 TM|994 AZ|995 GE|996 KG|998 UZ
"""
# Written at home without a prefix. Italian numbers keep their zero, abroad as at home.
_OF_NO_TRUNK: Final = (
    "AD BH BJ BT CG CI CL CM CO CR CV CY CZ DJ DK EE ES GA GQ GR GT HK HN HT IS IT KM KW LU LV MC MG ML MO MT MX MZ "
    "NE NI NO NC OM PA PF PL PT PY QA RW SC SG SJ SM SN SO SV TG TN TT VA"
)
_NO_TRUNK: Final = frozenset(_OF_NO_TRUNK.split())
_TRUNKS: Final = {"RU": "8", "KZ": "8", "BY": "8", "TM": "8", "HU": "06", "LT": "0"}
_EXITS: Final = {
    "RU": ("810",),
    "KZ": ("810",),
    "BY": ("810",),
    "AU": ("0011",),
    "JP": ("010",),
    "KR": ("00", "001", "002"),
    "HK": ("001",),
    "SG": ("001",),
    "TH": ("001",),
    "KH": ("001",),
    "TW": ("002",),
    "ID": ("001", "00"),
    "IL": ("00", "012", "013", "014"),
}


def _plans() -> dict[str, NumberPlan]:
    plans = {}
    for row in _CODES.replace("\n", "|").split("|"):
        if not row:
            continue
        code, *regions = row.split()
        for region in regions:
            trunk = "1" if code == "1" else "" if region in _NO_TRUNK else _TRUNKS.get(region, "0")
            exits = ("011",) if code == "1" else _EXITS.get(region, ("00",))
            plans[region] = NumberPlan(code=code, trunk=trunk, exits=exits)
    return plans


PLANS: Final = _plans()
"""How numbers are written, by region."""

_OF_RESERVED: Final = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 "
    "198.18.0.0/15 224.0.0.0/3 ::/127 100::/64 fc00::/7 fe80::/10 ff00::/8"
)
RESERVED: Final = tuple(_OF_RESERVED.split())
"""Networks whose addresses many hold at once, or none. Not ours to ask ``ipaddress``: its list differs by version."""

_OF_BLANK_IDS: Final = (
    "unknown null none undefined nil nan n/a na test default android emulator generic "
    "9774d56d682e549c 020000000000 000000000000000 0123456789abcdef 123456789012345 1234567890abcdef"
)
BLANK_IDS: Final = frozenset(_OF_BLANK_IDS.split())
"""Device ids that faulty or privacy-minded software gives to everyone."""

_OF_AFFIXES: Final = (
    "official real the its iam mr mrs ms dr not new old alt back again reborn return returns backup second xx x tv yt"
)
AFFIXES: Final = tuple(_OF_AFFIXES.split())
"""Words put before or after a name to make a free one."""
