"""Derives the facts of `rules.toml` from a raw comment: ``{"author": ..., "text": ...}``."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

_HTML_LINK = re.compile(r"<a\s[^>]*href=[\"']?([^\"'>\s]+)[^>]*>.*?</a>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{1,200}>")
_ADDRESS = re.compile(
    r"https?://[^\s<>\"]+"
    r"|\bwww\.[a-z0-9-]+\.[a-z]{2,}[^\s<>\"]*"
    r"|\b[a-z0-9-]{2,40}(?:\s?\.\s?)(?:com|net|org|info|biz|tv|me|ly|co|de|pl|ru|uk)\b(?:/[^\s<>\"]*)?",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:https?://)?(?:www\.)?([a-z0-9.-]+)", re.IGNORECASE)
_OWN = ("youtube.com", "youtu.be")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def facts_of(comment: dict[str, Any]) -> dict[str, Any]:
    """Give the facts of one comment; what cannot be derived is left out, not guessed."""
    raw = comment.get("text")
    if not isinstance(raw, str):
        return {"author_name": comment.get("author")}
    linked = _HTML_LINK.findall(raw)
    text = " ".join(_TAG.sub(" ", _HTML_LINK.sub(" ", raw)).split())
    addresses = linked + _ADDRESS.findall(text)
    hosts = [_host(address) for address in addresses]
    words = _WORD.findall(text)
    letters = [char for char in text if char.isalpha()]
    return {
        "author_name": comment.get("author"),
        "text": text,
        "links": len(addresses),
        "own_site_links": sum(host.endswith(_OWN) for host in hosts),
        "distinct_hosts": len(set(hosts)),
        "mentions": len(re.findall(r"(?<![\w.])@\w+", text)),
        "words": len(words),
        "repeats": _repeats(words),
        "capitals": round(sum(char.isupper() for char in letters) / len(letters), 3) if letters else 0.0,
    }


def _host(address: str) -> str:
    found = _HOST.match(re.sub(r"\s", "", address))
    return found[1].lower() if found else ""


def _repeats(words: list[str]) -> int:
    lowered = [word.casefold() for word in words]
    phrases = Counter(zip(lowered, lowered[1:], lowered[2:], strict=False))
    return max(phrases.values(), default=0)
