"""Signals, bans and lists of bans for the tests of the blacklist."""

import itertools
import random

from hypothesis import strategies as st

from platgov._blacklist.keys import KeyRing
from platgov._blacklist.signals import Signals
from platgov._blacklist.store import NewBan, TagStore

SECRET = bytes(range(32))
OTHER = bytes(range(1, 33))
KEYS = KeyRing.single(SECRET)
LETTERS = "abcdefgh"

words = st.text(LETTERS, min_size=1, max_size=14)
names = st.one_of(words, st.text(min_size=1, max_size=20).filter(str.strip))
pdq = st.integers(2**255, 2**256 - 2).map(lambda number: f"{number:064x}")
emails = st.builds("{}@{}".format, st.text("abc.+", min_size=1, max_size=8), st.sampled_from(["gmail.com", "x.org"]))
phones = st.integers(10**9, 10**10 - 1).map("+86{}".format)
ips = st.ip_addresses().map(str)
tokens = st.text("0123456789abcdef-XYZ", min_size=5, max_size=20).filter(str.strip)


_numbers = itertools.count()


def numbered(_):
    """Name the cases of a test, which are functions and have no names."""
    return str(next(_numbers))


def optional(strategy):
    return st.none() | strategy


@st.composite
def signals(draw, handle=None):
    made = {
        "handle": draw(optional(names) if handle is None else handle),
        "display_name": draw(optional(names)),
        "email": draw(optional(emails)),
        "phone": draw(optional(phones)),
        "devices": draw(st.lists(tokens, max_size=3)),
        "ip": draw(optional(ips)),
        "payment": draw(optional(tokens.filter(lambda text: any(c in "XYZabcdef" for c in text)))),
        "avatar_pdq": draw(optional(pdq)),
        "behaviour": draw(st.lists(tokens, max_size=3)),
    }
    if not any(made.values()):
        made["handle"] = "nobody"
    return Signals(**made)


def ban(ban_id="b1", **given):
    options = {key: given.pop(key) for key in ("ends_at", "note") if key in given}
    return NewBan(ban_id=ban_id, signals=Signals(**given), starts_at=given.pop("starts_at", 0), **options)


def opened(target=":memory:", keys=KEYS, list_id="accounts", **options):
    return TagStore.open(target, keys=keys, list_id=list_id, **options)


def ids(candidates):
    return [candidate.record.ban_id for candidate in candidates.found]


def row(candidates, signal, place=0):
    return next(row for row in candidates.found[place].agreements if row.signal == signal)


def osa(one, other):
    """Edit distance with swaps of neighbours, each stretch edited once: by the book, slow."""
    table = {}
    for i, j in itertools.product(range(len(one) + 1), range(len(other) + 1)):
        if not i or not j:
            table[i, j] = i + j
            continue
        table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (one[i - 1] != other[j - 1]))
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one), len(other)]


def edited(text, edits, rng=random):
    """Give a text after so many random edits."""
    for _ in range(edits):
        place = rng.randrange(len(text) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            text = text[:place] + rng.choice(LETTERS) + text[place:]
        elif kind == 1:
            text = text[:place] + text[place + 1 :]
        elif kind == 2:
            text = text[:place] + rng.choice(LETTERS) + text[place + 1 :]
        else:
            text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    return text
