"""When do two spellings look or read the same, where does a word end, and which names may be borne?"""

from __future__ import annotations

from platgov._names.findings import ADVISORY, CODES, NameFinding
from platgov._names.folding import WORD_CLASS, fold, is_word, skeleton
from platgov._names.graphemes import grapheme_count
from platgov._names.policy import NamePolicy
from platgov._names.protected import Hit, Protected, ProtectedNames, Within
from platgov._names.scripts import RestrictionLevel, digit_systems, resolved_scripts, restriction_level
from platgov._names.spelling import KEYS_VERSION, NameKeys, name_keys

__all__ = [
    "ADVISORY",
    "CODES",
    "KEYS_VERSION",
    "WORD_CLASS",
    "Hit",
    "NameFinding",
    "NameKeys",
    "NamePolicy",
    "Protected",
    "ProtectedNames",
    "RestrictionLevel",
    "Within",
    "digit_systems",
    "fold",
    "grapheme_count",
    "is_word",
    "name_keys",
    "resolved_scripts",
    "restriction_level",
    "skeleton",
]
