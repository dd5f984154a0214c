"""What follows for an account, for how long, and how it is undone.

A `Ladder` says what follows at how many strikes; `Ladder.apply` gives the `Sanction` for one
decision, with the reason for it. A `History` holds everything that happened with an account.
What is in force, which strikes stand and what waits for a signature follow from it for any
instant: nothing has to run in the background, and a decision that was overturned leaves what
there would be had it never been made. `StatementOfReasons` tells people and registers why.
"""

from platgov._enforcement.actors import Actor
from platgov._enforcement.appeals import Appeal, AppealOutcome, Matter, Ruling
from platgov._enforcement.dsa import Violation
from platgov._enforcement.events import Modification, Overturn, Signature
from platgov._enforcement.given import LegalGround, Source
from platgov._enforcement.history import History
from platgov._enforcement.ladder import AppealPolicy, Ladder, Step, Strike
from platgov._enforcement.sanction import (
    Deviation,
    DeviationCode,
    Disposition,
    Restriction,
    Result,
    Sanction,
    StrikeGiven,
    Why,
)
from platgov._enforcement.statement import StatementOfReasons
from platgov._enforcement.states import Change, Counters, State, StrikeRecord

__all__ = [
    "Actor",
    "Appeal",
    "AppealOutcome",
    "AppealPolicy",
    "Change",
    "Counters",
    "Deviation",
    "DeviationCode",
    "Disposition",
    "History",
    "Ladder",
    "LegalGround",
    "Matter",
    "Modification",
    "Overturn",
    "Restriction",
    "Result",
    "Ruling",
    "Sanction",
    "Signature",
    "Source",
    "State",
    "StatementOfReasons",
    "Step",
    "Strike",
    "StrikeGiven",
    "StrikeRecord",
    "Violation",
    "Why",
]
