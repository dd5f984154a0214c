"""Is a newcomer somebody who was banned? Says how much speaks for it; people decide.

::

    bans = Blacklist.open("bans.db", keys=KeyRing.single(secret), list_id="accounts")
    bans.add(Signals(handle="spam_king", email="a@x.org"), reason="spam.repeat", decision="d-881",
             starts_at=then, review_by=next_year)
    bans.match(Signals(handle="spam.king", email="a+1@x.org"), at=now).band

Only keyed tags of what is known are kept: no signal can be read in the store, nor tried out without
the key; reasons, ids and names of staff are kept as they are given. Every ban has a reason, a date on
which it is looked at again, and a way to appeal; who was taken for somebody else is never taken for
them again.
"""

from platgov._blacklist.banlist import BanList, Rotation
from platgov._blacklist.blacklist import Blacklist
from platgov._blacklist.canonical import Canon, Form, Weightless
from platgov._blacklist.estimate import Calibration, Estimate
from platgov._blacklist.evidence import replay
from platgov._blacklist.exporting import Cleared, Erased, HeldAppeal, HeldBan, Holdings
from platgov._blacklist.keys import KeyRing
from platgov._blacklist.linkage import Encoded, Link, Linkage, LinkField, Links
from platgov._blacklist.match import Band, Evidence, Match, Scored
from platgov._blacklist.notices import public_text
from platgov._blacklist.probing import Friction, ProbeGuard, ProbePolicy, Tally
from platgov._blacklist.rarity import NameModel, Population
from platgov._blacklist.records import ENGINE, Ban, BanAppeal, BanEvent, BanOutcome, BanProcedure, BanStatus
from platgov._blacklist.screening import Screened
from platgov._blacklist.sealing import Sealer
from platgov._blacklist.searching import Search
from platgov._blacklist.sharing import Imported, ImportedEntry, ImportedList
from platgov._blacklist.signals import SIGNALS, Signals
from platgov._blacklist.source import ListSource
from platgov._blacklist.staff import Proposal, StaffList
from platgov._blacklist.tables import NumberPlan, Provider
from platgov._blacklist.weights import Level, Weights

__all__ = [
    "ENGINE",
    "SIGNALS",
    "Ban",
    "BanAppeal",
    "BanEvent",
    "BanList",
    "BanOutcome",
    "BanProcedure",
    "BanStatus",
    "Band",
    "Blacklist",
    "Calibration",
    "Canon",
    "Cleared",
    "Encoded",
    "Erased",
    "Estimate",
    "Evidence",
    "Form",
    "Friction",
    "HeldAppeal",
    "HeldBan",
    "Holdings",
    "Imported",
    "ImportedEntry",
    "ImportedList",
    "KeyRing",
    "Level",
    "Link",
    "LinkField",
    "Linkage",
    "Links",
    "ListSource",
    "Match",
    "NameModel",
    "NumberPlan",
    "Population",
    "ProbeGuard",
    "ProbePolicy",
    "Proposal",
    "Provider",
    "Rotation",
    "Scored",
    "Screened",
    "Sealer",
    "Search",
    "Signals",
    "StaffList",
    "Tally",
    "Weightless",
    "Weights",
    "public_text",
    "replay",
]
