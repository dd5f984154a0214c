"""Everything around a function that could change its mind, with a dial on each.

While a `Surroundings` is entered, the clock stands where it is put, chance starts from a given
seed before every call, the network is out of reach, and what the function looks at is noted:
clock, environment, files, other programs. One thing can then be moved while the rest stays.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime as dt
import gc
import locale
import os
import random
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["NOW", "ZONES", "Dials", "OutOfReachError", "Surroundings"]

NOW: Final = 1_770_000_000
ZONES: Final = ("Pacific/Kiritimati", "America/New_York", "Asia/Kolkata")
_CODE: Final = (".py", ".pyc", ".so", ".pyd", ".dll", ".pth", ".dist-info", ".egg-link", ".zip", ".whl")
_NETWORK: Final = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.sendto",
        "socket.sendmsg",
    }
)
_PROGRAMS: Final = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.spawn"})


class OutOfReachError(OSError):
    """A rule tried to use the network, or to run a program."""


@attrs.frozen(kw_only=True)
class Dials:
    """How the surroundings are set for one call.

    Attributes:
        now: What the clock says, in UTC epoch seconds.
        chance: Seed of everything random.
        zone: The local time zone; None leaves it alone.
        environment: Variables that are set otherwise; None stands for one that is not set.
        german: Whether numbers and texts are written and sorted as in another country.
    """

    now: int = NOW
    chance: int = 0
    zone: str | None = None
    environment: tuple[tuple[str, str | None], ...] = ()
    german: bool = False

    def __str__(self) -> str:
        plain, words = Dials(), []
        if self.now != plain.now:
            words.append(f"clock at {dt.datetime.fromtimestamp(self.now, dt.UTC):%Y-%m-%dT%H:%M:%SZ}")
        if self.chance != plain.chance:
            words.append(f"other chance ({self.chance})")
        if self.zone is not None:
            words.append(f"TZ={self.zone}")
        words += [f"{name} not set" if value is None else f"{name}={value}" for name, value in self.environment]
        return ", ".join([*words, "another locale"] if self.german else words) or "as before"


_ACTIVE: list[Surroundings] = []
_HOOKED: list[bool] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what the interpreter is asked for, and refuse the network, while a call is on."""
    if not _ACTIVE:
        return
    here = _ACTIVE[-1]
    if not here.asking or threading.get_ident() != here.thread:
        return
    if event in _NETWORK:
        here.noted[("network", _address(event, arguments))] += 1
        raise OutOfReachError("the network is out of reach while rules are tested")
    if event in _PROGRAMS:
        here.noted[("program", str(arguments[0])[:80] if arguments else event)] += 1
        raise OutOfReachError("other programs are out of reach while rules are tested")
    if event == "socket.gethostname":
        here.noted[("process", "the name of the machine")] += 1
    elif event in ("open", "sqlite3.connect"):
        path, mode = str(arguments[0]), (arguments[1] if len(arguments) > 1 else None) or "r"
        reads = not any(letter in str(mode) for letter in "wax") or "+" in str(mode)
        if (
            reads
            and not path.endswith(_CODE)
            and "zoneinfo" not in path
            and "tzdata" not in path
            and not path.isdigit()
        ):
            here.noted[("file", path)] += 1


def _address(event: str, arguments: tuple[Any, ...]) -> str:
    place = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else arguments[0]
    return str(place)[:80]


class Surroundings:
    """Entered, it takes hold of clock, chance, environment, locale and network; left, it lets go of all of them.

    Not for use from several threads at once.

    Attributes:
        noted: What was looked at, as pairs of a kind and what it was: ``("environment", "REGION")``.
        moves: Whether the clock of this interpreter can be moved.
    """

    def __init__(self) -> None:
        self.dials, self.noted = Dials(), Counter[tuple[str, str]]()
        self.asking, self.thread, self.moves = False, threading.get_ident(), True
        self._stack = contextlib.ExitStack()
        self._entropy = random.Random(0)  # noqa: S311 - it stands in for chance
        self._since = 0.0

    def __enter__(self) -> Self:
        if not _HOOKED:  # a hook cannot be taken out again; it does nothing unless a call is on
            sys.addaudithook(_audit)
            _HOOKED.append(True)
        self.thread = threading.get_ident()
        stack = self._stack
        state = random.getstate()
        stack.callback(random.setstate, state)
        numbers = sys.modules.get("numpy.random")
        if numbers is not None:
            stack.callback(numbers.set_state, numbers.get_state())
        self._since = time.monotonic()
        stack.enter_context(_replaced(self._substitutes()))
        stack.enter_context(_clock_of_datetime(self))
        stack.enter_context(_environment(self))
        self.moves = dt.datetime.now(dt.UTC).timestamp() == self.dials.now
        self.noted.clear()
        _ACTIVE.append(self)
        stack.callback(_ACTIVE.remove, self)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def call(self, function: Callable[[], Any], dials: Dials) -> Any:
        """Call a function with the dials set."""
        before, self.dials = self.dials, dials
        random.seed(dials.chance)
        self._entropy.seed(dials.chance)
        numbers = sys.modules.get("numpy.random")
        if numbers is not None:
            numbers.seed(dials.chance % 2**32)
        with _zone(dials.zone):
            self.asking = True
            try:
                return function()
            finally:
                self.asking, self.dials = False, before

    def note(self, kind: str, what: str) -> None:
        """Note that something was looked at during a call."""
        if self.asking and threading.get_ident() == self.thread:
            self.noted[kind, what] += 1

    # -- substitutes ---------------------------------------------------------------------------

    def _substitutes(self) -> dict[int, tuple[Any, Any]]:
        pairs = [*self._of_time(), *self._of_chance(), *self._of_locale()]
        return {id(real): (real, other) for real, other in pairs}

    def _of_time(self) -> Iterator[tuple[Any, Any]]:
        """Stop the clock of the wall; those that only measure go on, from where they are put."""

        def stands(real: Any, give: Callable[[], Any]) -> tuple[Any, Any]:
            def substitute() -> Any:
                self.note("clock", f"time.{real.__name__}")
                return give()

            return real, substitute

        def goes(real: Any, unit: int) -> tuple[Any, Any]:
            def substitute() -> Any:
                self.note("clock", f"time.{real.__name__}")
                return real() + (self.dials.now - NOW) * unit

            return real, substitute

        def reads(real: Any) -> tuple[Any, Any]:
            def substitute(seconds: float | None = None) -> Any:
                if seconds is None:
                    self.note("clock", f"time.{real.__name__}")
                return real(self.dials.now if seconds is None else seconds)

            return real, substitute

        yield stands(time.time, lambda: float(self.dials.now))
        yield stands(time.time_ns, lambda: self.dials.now * 10**9)
        yield from map(reads, (time.localtime, time.gmtime, time.ctime))
        yield goes(time.monotonic, 1)
        yield goes(time.perf_counter, 1)
        yield goes(time.monotonic_ns, 10**9)
        yield goes(time.perf_counter_ns, 10**9)
        written, local = time.strftime, time.localtime

        def strftime(form: str, moment: Any = None) -> str:
            if moment is None:
                self.note("clock", "time.strftime")
            return written(form, local(self.dials.now) if moment is None else moment)

        yield written, strftime

    def _of_chance(self) -> Iterator[tuple[Any, Any]]:
        def urandom(size: int) -> bytes:
            self.note("chance", "os.urandom")
            return self._entropy.randbytes(size)

        yield os.urandom, urandom

    def _of_locale(self) -> Iterator[tuple[Any, Any]]:
        def other(real: Any, abroad: Callable[..., Any]) -> tuple[Any, Any]:
            def substitute(*arguments: Any, **named: Any) -> Any:
                return abroad(*arguments, **named) if self.dials.german else real(*arguments, **named)

            return real, substitute

        convention = locale.localeconv

        def localeconv() -> dict[str, Any]:
            return {**convention(), "decimal_point": ",", "thousands_sep": ".", "currency_symbol": "\u20ac"}

        yield other(locale.localeconv, localeconv)
        yield other(locale.getlocale, lambda *_: ("de_DE", "ISO8859-15"))
        yield other(locale.getpreferredencoding, lambda *_: "cp1252")
        yield other(locale.strcoll, lambda one, two: (one.lower() > two.lower()) - (one.lower() < two.lower()))
        yield other(locale.strxfrm, str.lower)
        for name, answer in (("getdefaultlocale", ("de_DE", "ISO8859-15")), ("getencoding", "cp1252")):
            real = getattr(locale, name, None)
            if real is not None:
                yield other(real, lambda *_, answer=answer: answer)


@contextlib.contextmanager
def _replaced(substitutes: dict[int, tuple[Any, Any]]) -> Iterator[None]:
    """Put substitutes wherever modules hold the real functions, as ``from time import time`` makes them do."""
    changed: list[tuple[dict[str, Any], str, Any]] = []
    for module_name, module in list(sys.modules.items()):
        names = getattr(module, "__dict__", None)
        if names is None or module_name.startswith(("platgov._testing", "threading", "_pytest", "hypothesis", "queue")):
            continue
        for name, value in list(names.items()):
            found = substitutes.get(id(value))
            if found is not None and found[0] is value:
                changed.append((names, name, value))
                names[name] = found[1]
    try:
        yield
    finally:
        for names, name, value in changed:
            names[name] = value


@contextlib.contextmanager
def _clock_of_datetime(here: Surroundings) -> Iterator[None]:
    """Move ``datetime.now``: the class stays the same, for whoever holds it already."""

    def now(cls: Any, tz: dt.tzinfo | None = None) -> Any:
        here.note("clock", "datetime.now")
        return cls.fromtimestamp(here.dials.now, tz)

    def utcnow(cls: Any) -> Any:
        here.note("clock", "datetime.utcnow")
        return cls.fromtimestamp(here.dials.now, dt.UTC).replace(tzinfo=None)

    # The only way to change a class that is written in C. Where it fails, `Surroundings.moves` is False.
    inside = next((item for item in gc.get_referents(dt.datetime.__dict__) if isinstance(item, dict)), None)
    if inside is None or "now" not in inside:
        yield
        return
    real = {name: inside[name] for name in ("now", "utcnow") if name in inside}
    inside.update(now=classmethod(now), utcnow=classmethod(utcnow))
    _forget_methods(dt.datetime)
    try:
        yield
    finally:
        inside.update(real)
        _forget_methods(dt.datetime)


def _forget_methods(kind: type) -> None:
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


@contextlib.contextmanager
def _environment(here: Surroundings) -> Iterator[None]:
    """Note which variables are read, and give others their values."""
    kind: Any = type(os.environ)
    real = kind.__getitem__

    def read(self: Any, key: Any) -> Any:
        if not here.asking or self is not os.environ or type(key) is not str:
            return real(self, key)
        here.note("environment", key)
        changed = dict(here.dials.environment)
        if key in changed:
            value = changed[key]
            if value is None:
                raise KeyError(key)
            return value
        return real(self, key)

    kind.__getitem__ = read
    try:
        yield
    finally:
        kind.__getitem__ = real


@contextlib.contextmanager
def _zone(name: str | None) -> Iterator[None]:
    """Set the local time zone, where the system lets it be set."""
    if name is None or not hasattr(time, "tzset"):
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
