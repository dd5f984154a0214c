"""Text patterns: is there a match somewhere in this text, and never in more than 50 ms?"""

from platgov._patterns.engine import Pattern, compile_pattern
from platgov._patterns.parser import parse

__all__ = ["Pattern", "compile_pattern", "parse"]
