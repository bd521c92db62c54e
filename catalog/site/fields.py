"""The fields a list can be asked for: its facets, and what may be typed in the search box."""

from __future__ import annotations

__all__ = ["COLUMNS", "FACETS", "FIELDS", "OF_TREATMENT"]

# Facets in the order readers meet them.
FACETS = {
    "level": "Level of evidence",
    "design": "Study design",
    "intervention": "Treatment",
    "direction": "Concludes",
    "versus": "Compared with",
    "condition": "Condition",
    "year": "Year",
    "status": "Status",
    "role": "Part the treatment plays",
    "region": "Part of the body",
    "harms": "Harms",
    "basis": "Basis of the conclusion",
    "comparator": "What the control group got",
    "certainty": "Certainty a review states",
    "participants": "Number of people",
    "leans": "Retracted papers cited",
    "claim": "Claim",
}
# Facets that are said of one treatment in a paper, so that they are matched together.
OF_TREATMENT = ("intervention", "role", "direction")
# What people type before a colon, PubMed's names among them: the field. A facet's own id always is one.
FIELDS = {name: name for name in FACETS} | {
    name: field
    for field, names in {
        "title": "title ti",
        "abstract": "abstract ab",
        "subjects": "subject subjects mesh mh majr keyword keywords ot",
        "text": "text tiab tw all",
        "author": "author authors au 1au lastau fau",
        "journal": "journal ta jour",
        "year": "years date dp pdat",
        "design": "type pt",
        "intervention": "treatment",
        "condition": "diagnosis",
        "direction": "concludes conclusion",
        "comparator": "control",
    }.items()
    for name in names.split()
}
# Fields that are texts, and their column of the index.
COLUMNS: dict[str, str | None] = {"title": "title", "abstract": "abstract", "subjects": "subjects", "text": None}
