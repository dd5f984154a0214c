"""How rare it is that a stranger agrees in a certain way: by what a host knows of values, spellings and manners."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from platgov._blacklist.rarity import lg, plain_surprisal
from platgov._blacklist.weights import Level, Weights, spelt

if TYPE_CHECKING:
    from platgov._blacklist.canonical import Form
    from platgov._blacklist.comparing import Agreement
    from platgov._blacklist.rarity import Population
    from platgov._blacklist.tags import Prepared

__all__ = ["Rarity"]


class Rarity:
    """How rare forms are, each worked out once."""

    def __init__(self, population: Population | None, weights: Weights, query: Prepared) -> None:
        self._population, self._weights = population, weights
        self._known: dict[Form, int] = {}
        self._parts: dict[str, int] = {}
        model = population.names if population is not None else None
        self._manners = {} if model is None else {signal: model.manner(manner) for signal, manner in query.manners}
        self._address = next((form for form in query.forms if (form.signal, form.kind) == ("ip", "address")), None)
        self._cores = {form.signal: form.value for form in query.forms if form.kind == "core"}
        self._letters = {form.signal: form.value for form in query.forms if form.kind == "squashed"}

    def of(self, form: Form, level: Level) -> int:
        """Give how rare a form is, in units."""
        known = self._known.get(form)
        if known is None:
            known = self._spelling(form) if spelt(level.name) else self._weights.most_rare
            held = self._population.rarity(form) if self._population is not None else None
            known = self._known[form] = known if held is None else min(known, held)
        return known if spelt(level.name) else min(known, level.rarity)

    def together(self, way: Agreement, level: Level) -> int:
        """Give how rare it is to agree in this way, and for a name to be written in this manner."""
        return min(self._agreeing(way, level) + self._manners.get(way.signal, 0), self._weights.most_rare)

    def _agreeing(self, way: Agreement, level: Level) -> int:
        if way.detail in ("inside", "ends", "end"):
            total = 0
            for form in way.forms[:-1]:
                # Chance had as many places to put these letters.
                places = int(form.kind.partition(":")[2])
                total += max(0, self._part(form.value) - lg(places))
            if way.detail != "inside":
                total = max(total, self.of(way.forms[-1], level) * way.permille // 1_000)
            return min(total, self._weights.most_rare)
        rare = max((self.of(form, level) for form in way.forms), default=level.rarity)
        if way.detail == "net" and self._address is not None:
            rare = min(rare, self.of(self._address, level))  # no network has fewer behind it than its address
        return rare * way.permille // 1_000 if way.detail in ("edit", "edits") else rare

    def _part(self, letters: str) -> int:
        known = self._parts.get(letters)
        if known is None:
            model = self._population.names if self._population is not None else None
            known = plain_surprisal(letters) if model is None else model.surprisal(letters, whole=False)
            self._parts[letters] = known
        return known

    def _spelling(self, form: Form) -> int:
        model = self._population.names if self._population is not None else None
        text, orders = form.value, 1
        if form.kind == "words":
            # As surprising as in the order they were given in, and in any of the others.
            orders = math.factorial(min(text.count("\x1f") + 1, 20))
            text = self._cores.get(form.signal, text.replace("\x1f", ""))
        elif form.kind == "turned":
            # Chance had as many places at which to begin.
            orders = len(text)
            text = self._cores.get(form.signal, text)
        elif form.kind == "folded":
            # As rare as its letters at least; and what else it has is easily made up.
            text = self._letters.get(form.signal, text)
        rarity = plain_surprisal(text) if model is None else model.surprisal(text)
        return min(max(0, rarity - lg(orders)), self._weights.most_rare)
