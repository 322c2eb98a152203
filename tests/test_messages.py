"""What people are told: every language knows every code, and users may bring their own words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagegate import load_gate, load_messages
from imagegate.edits.reasons import CODES as EDIT_CODES
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.features import CAUSES
from imagegate.messages import ENGLISH, FOLDER, languages
from imagegate.models.reasons import CODES
from imagegate.models.verdict import Verdict
from imagegate.text import PLACES

LONGEST = 90  # characters: a line of an app, or of a mail
TABLES = {name: tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")) for name in languages()}


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """A dark picture that is too small: two codes at least."""
    return load_gate("rules:ocr").check(np.full((60, 80), 9, np.uint8))


def test_codes_are_cause_and_way_and_every_cause_has_one() -> None:
    assert len(set(CODES)) == len(CODES)
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", code) for code in CODES)
    assert {code.partition(".")[0] for code in CODES} > set(CAUSES)


@pytest.mark.parametrize("language", TABLES)
def test_a_language_has_a_message_for_exactly_the_codes_and_places(language: str) -> None:
    assert sorted(TABLES[language]) == sorted(
        (*CODES, *EDIT_CODES, *(f"where.{part}" for part in PLACES))
    )
    assert load_messages(language) == TABLES[language]


@pytest.mark.parametrize(
    ("language", "code"), [(name, code) for name in TABLES for code in TABLES[name]]
)
def test_a_message_is_short_and_has_no_numbers(language: str, code: str) -> None:
    message = TABLES[language][code]
    assert len(message) <= LONGEST
    assert not re.search(r"\d", message)
    assert message == message.strip()
    assert message[-1] in ".?"
    assert message[0].isupper()


def test_messages_of_a_language_differ_from_code_to_code() -> None:
    for table in TABLES.values():
        assert len(set(table.values())) == len(table)


def test_own_messages_take_the_place_of_english(tmp_path: Path) -> None:
    own = {"noise.grain": "Zu körnig."}
    (tmp_path / "own.toml").write_text('"noise.grain" = "Zu körnig."\n', encoding="utf-8")
    wanted = {**TABLES[ENGLISH], **own}
    nested = {"noise": {"grain": "Zu körnig."}}  # as TOML has it without quotes
    for given in (own, nested, tmp_path / "own.toml", str(tmp_path / "own.toml")):
        assert load_messages(given) == wanted
    assert load_messages() == load_messages({}) == TABLES[ENGLISH]


@pytest.mark.parametrize("language", TABLES)
def test_what_ships_cannot_be_changed(language: str) -> None:
    with pytest.raises(TypeError):
        load_messages(language)["noise.grain"] = "x"  # type: ignore[index]


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"noise.grian": "x"}, UnknownNameError, "Did you mean 'noise.grain'"),
        ({"noise": {"grian": "x"}}, UnknownNameError, "Did you mean 'noise.grain'"),
        ({"noise.grain": 3}, SettingsError, "noise.grain"),
        ({"noise.grain": " "}, SettingsError, "noise.grain"),
        ("fr", SettingsError, "de, en"),
        ("nowhere.toml", SettingsError, "nowhere.toml"),
    ],
    ids=repr,
)
def test_other_messages_are_refused(given: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        load_messages(given)


@pytest.mark.parametrize("content", [b'"noise.grain" = ', b"\xff\xfe", b"noise.grain = 3"])
def test_a_file_that_holds_no_messages_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "own.toml").write_bytes(content)
    with pytest.raises((SettingsError, UnknownNameError), match=r"own\.toml|'noise'"):
        load_messages(tmp_path / "own.toml")


def test_a_verdict_in_another_language_differs_in_its_messages_alone(verdict: Verdict) -> None:
    told = verdict.translated("de")
    assert len(told.reasons) == len(verdict.reasons) >= 2
    for own, other in zip(verdict.reasons, told.reasons, strict=True):
        assert own.message == TABLES[ENGLISH][own.code]
        assert other.message == TABLES["de"][own.code]
    plain, german = verdict.to_dict(), told.to_dict()
    for one in (*plain["reasons"], *german["reasons"]):
        del one["message"]
    assert plain == german
    assert verdict.translated({}) == verdict == told.translated(ENGLISH)
    assert TABLES["de"][verdict.reasons[0].code] in str(told)


def test_what_people_are_told_is_english_first(verdict: Verdict) -> None:
    own = verdict.translated({verdict.reasons[0].code: "Mine."})
    assert own.reasons[0].message == "Mine."
    assert own.reasons[1:] == verdict.reasons[1:]
