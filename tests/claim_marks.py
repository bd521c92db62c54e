"""Pages whose claim sentences people marked beforehand, and how a reading agrees with the marks."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from catalog.check.reading import Reading, read_claims
from catalog.check.sentences import Sentence, sentences_of
from catalog.check.texts import read_bytes
from harvest.topics import load_topics

__all__ = ["PAGES", "Agreement", "compare", "read_page"]

PAGES = Path(__file__).parent / "claimtexts"


@dataclass(frozen=True)
class Agreement:
    """Sentences found and marked, missed, and found but not marked; and those whose scope differs."""

    hits: tuple[str, ...]
    misses: tuple[str, ...]
    extras: tuple[str, ...]
    other_scope: tuple[str, ...]

    @property
    def recall(self) -> float:
        """The share of marked sentences that were found."""
        return len(self.hits) / (len(self.hits) + len(self.misses))

    @property
    def precision(self) -> float:
        """The share of found sentences that were marked; those marked as either way do not count."""
        return len(self.hits) / (len(self.hits) + len(self.extras))


def read_page(path: Path) -> tuple[list[Sentence], Reading]:
    """The sentences of a page and what was read of them."""
    sentences = sentences_of(read_bytes(path.read_bytes(), path.name), path.name)
    return sentences, read_claims(sentences, load_topics())


def compare(path: Path, marks: Path) -> Agreement:
    """Read a page and hold it against its marks: claim, out (outside the scope), either (not scored).

    A mark names its sentence by its first words, or by 16 digits of its hash.
    """
    sentences, reading = read_page(path)
    labels: dict[int, str] = {}
    for line in marks.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        label, start = line.split("\t")
        numbers = [s.number for s in sentences if _plain(s.text).startswith(_plain(start)) or _hash(s.text) == start]
        assert numbers, f"{marks.name}: no sentence begins with {start!r}"
        labels |= dict.fromkeys(numbers, label)
    found = {claim.sentence.number: claim for claim in reading.claims}
    texts = {s.number: s.text for s in sentences}
    scored = {number for number, label in labels.items() if label != "either"}
    return Agreement(
        tuple(texts[n] for n in found if n in scored),
        tuple(texts[n] for n in sorted(scored - found.keys())),
        tuple(texts[n] for n in found if n not in labels),
        tuple(texts[n] for n in scored & found.keys() if (labels[n] == "out") != (found[n].outside is not None)),
    )


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _hash(text: str) -> str:
    return hashlib.sha256(_plain(text).encode()).hexdigest()[:16]
