"""Lists of bans for the tests of what becomes of a ban."""

import hashlib
import hmac
import pathlib

from blacklist_strategies import KEYS, SECRET
from platgov.blacklist import Blacklist, Signals
from stores_support import postgres_or_skip

DAY = 86_400
T0 = 1_770_000_000
YEAR = 365 * DAY
STRONG = {
    "handle": "velvet_otter_77",
    "email": "velvet.otter@example.org",
    "phone": "+8613912345678",
    "devices": ["tablet-4f21-aa07"],
    "ip": "203.0.113.7",
}


class Vault:
    """A sealer for tests: a keystream made with a key that can be deleted. Not for anything else."""

    def __init__(self, key=b"k" * 31 + b"!"):
        self.key = key
        self.seen = []

    def seal(self, data, context):
        self.seen.append((data, context))
        return self._tag(data, context) + self._stream(data, context)

    def open(self, data, context):
        if self.key is None:
            return None
        plain = self._stream(data[16:], context)
        if not hmac.compare_digest(self._tag(plain, context), data[:16]):
            raise ValueError("moved or altered")
        return plain

    def _tag(self, data, context):
        return hmac.digest(self.key, context + b"\0" + data, "sha256")[:16]

    def _stream(self, data, context):
        pad = hashlib.shake_256(self.key + context).digest(len(data))
        return bytes(a ^ b for a, b in zip(data, pad, strict=True))


def opened(target=":memory:", keys=KEYS, list_id="accounts", **options):
    return Blacklist.open(target, keys=keys, list_id=list_id, **options)


def banned(bans, signals=None, **given):
    options = {
        "reason": "spam.repeat", "decision": "d-881", "starts_at": T0, "review_by": T0 + YEAR, "by": "mod:1",
    }  # fmt: skip
    return bans.add(Signals(**STRONG) if signals is None else signals, **{**options, **given})


def band(bans, at=T0 + DAY, **given):
    return bans.match(Signals(**given), at=at).band.value


def stored(place):
    """Give everything that a store holds, as bytes: the files with their logs, or every value of every row."""
    if place.kind == "sqlite":
        path = pathlib.Path(place.target)
        return b"\n".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
    psycopg = postgres_or_skip()
    found = []
    with place.connection() as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", (place.schema,)
        ).fetchall()
        for (name,) in names:
            query = psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(name))
            for row in connection.execute(query).fetchall():
                for value in row:
                    found.append(_bytes(value))
    return b"\n".join(found)


def _bytes(value):
    if isinstance(value, int):
        return (value % 2**64).to_bytes(8)  # as SQLite keeps it; its digits would hold other digits by chance
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def grams(text, size=4):
    """Give every piece of some characters, as it was and in lower case, in two encodings."""
    for spelt in {text, text.lower()}:
        for start in range(len(spelt) - size + 1):
            piece = spelt[start : start + size]
            yield piece.encode("utf-8", "surrogatepass")
            yield piece.encode("utf-16-le", "surrogatepass")


__all__ = ["DAY", "KEYS", "SECRET", "STRONG", "T0", "YEAR", "Vault", "band", "banned", "grams", "opened", "stored"]
