"""`catalog check` links the standing claim on what a sentence claims: kind, treatments, comparator, condition."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from catalog.check.checking import CheckedText, check_text
from catalog.check.printed import as_html
from catalog.check.report import as_json, as_text
from catalog.check.texts import read_text
from tests.claim_records import told_records
from tests.site_fixtures import write_site


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = write_site(tmp_path_factory.mktemp("standing") / "catalog.db", told_records())
    with closing(sqlite3.connect(path)) as opened:
        yield opened


def _checked(conn: sqlite3.Connection, text: str) -> CheckedText:
    return check_text(conn, read_text(text, "text"), "text")


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        # Kind and treatment; no comparator on either side.
        ("PRP relieves chronic low back pain.", ["prp-relieves-back-pain"]),
        ("Prolotherapy relieves chronic low back pain.", ["prolotherapy-back-pain"]),
        # The card on fewer conditions first.
        ("PRP relieves discogenic pain.", ["prp-discogenic-pain", "prp-relieves-back-pain"]),
        # A comparison needs a comparator in common.
        ("PRP relieves sacroiliac joint pain better than steroid injections.", ["prp-better-than-steroid-sacroiliac"]),
        ("PRP relieves sacroiliac joint pain better than placebo.", []),
        ("Unlike cortisone, which weakens tissue, PRP relieves low back pain.", []),
        ("Ozone works as well as microdiscectomy.", ["ozone-instead-of-discectomy"]),
        # Where no card is on exactly the treatment, one that holds it.
        ("PRP is an alternative to spinal surgery for low back pain.", ["injections-instead-of-surgery"]),
        # A level asserted or not, the claim is the same.
        (
            "We have level 1 evidence that mesenchymal stem cells relieve back pain better than standard medication.",
            ["msc-less-pain-than-drugs"],
        ),
        # Safety, and a mechanism by its words.
        ("Mesenchymal stem cell injections for back pain are safe.", ["msc-safe"]),
        ("Platelets release growth factors that start the repair of damaged discs; this is how PRP works.", None),
        # Prolozone is made of ozone and dextrose, which are no further treatments.
        (
            "Prolozone uses ozone and dextrose to stimulate healing and repair of damaged tissue.",
            ["prolozone-stimulates-healing"],
        ),
        # Denials and what is outside the catalog have none.
        ("There is no evidence that PRP relieves low back pain.", []),
        ("PRP relieves knee pain.", []),
    ],
)
def test_the_standing_claim_on_what_a_sentence_says(
    conn: sqlite3.Connection, text: str, standing: list[str] | None
) -> None:
    """Same kind, same treatments, a comparator in common where either compares, a condition in common."""
    (found,) = _checked(conn, text).claims
    ids = [other.id for other in found.standing]
    assert ids == standing if standing is not None else "prp-growth-factors" in ids


def test_command_json_and_print_tell_it(conn: sqlite3.Connection) -> None:
    """The text names the card's address, JSON its id, statement and address, the printable page its statement."""
    checked = _checked(conn, "Mesenchymal stem cell injections for back pain are safe.")
    (other,) = checked.claims[0].standing
    assert any("standing claim on this" in line for line in as_text(checked))
    assert "/claims/msc-safe" in " ".join(as_text(checked))
    assert as_json(checked)["claims"][0]["standing_claims"] == [
        {"id": "msc-safe", "statement": other.statement, "address": "/claims/msc-safe"}
    ]
    assert other.statement in as_html(checked)
