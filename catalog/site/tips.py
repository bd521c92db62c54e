"""How to search: what can be typed, and what it means."""

from __future__ import annotations

__all__ = ["TIPS"]

# Another catalog's readers can use these too: nothing here is of this subject.
TIPS = (
    ("randomised trial", "every word must be there; other spellings and synonyms count, endings make no difference"),
    ('"randomised trial"', "the phrase, and nothing else for it"),
    ("children OR adults", "one of the two; brackets group: (children OR adults) trial"),
    ("trial -review", "leaves out papers with the word, taken as typed"),
    ("random*", "any ending, after three letters or more"),
    ("title:trial", "in the title; abstract: and mesh: work likewise"),
    ("author:smith", 'also author:"Smith JA"'),
    ("journal:medicine", "words of the journal's name; in quotation marks, the whole name or abbreviation"),
    ("year:2015..2020", "also year:2019, year:2019.. and year:..2010"),
    ("level:1", "also level:1,2 or level:1..3; design:rct, status:retracted and the other filters likewise"),
    ("PMID: 12345678", "a paper by its number, its DOI, or an address of either; several at once"),
)
