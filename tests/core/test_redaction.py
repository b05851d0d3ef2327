"""Values without their secrets: by the names under which they stand, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from django_tasks_fsm.core.redaction import DEEPEST, MASK, MaskMisplaced, Redaction, restored, words

TELLING = """
    password PASSWORD password1 user_password dbPassword passwd pwd pass boarding-pass passphrase secret client_secret
    SECRET_KEY token tokens authToken key keys api_key API-Key apikey X-Api-Key2 auth oauth2 Authorization bearer jwt
    cookie Set-Cookie session sessionid csrftoken TOKENID tokenissued secretarn credential credentials awsCredentials
"""
PLAIN = """
    keyboard monkey turkey hockey author authority compass bypass passenger passed secretary tokenizer obsession
    secretariat tokenised size name sender since user card
"""


@pytest.mark.parametrize("name", TELLING.split())
def test_a_telling_name_hides_its_value(name: str) -> None:
    assert Redaction().hides(name)


@pytest.mark.parametrize("name", PLAIN.split())
def test_a_name_that_only_looks_like_one_does_not(name: str) -> None:
    assert not Redaction().hides(name)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"password": "x"}, {"password": MASK}),
        ({"API_KEY": ["x"]}, {"API_KEY": MASK}),
        ({"user": {"authToken": 1, "name": "ada"}}, {"user": {"authToken": MASK, "name": "ada"}}),
        ([{"cookie": None}, 3], [{"cookie": MASK}, 3]),
        ([[[{"key": {"name": "k"}}]]], [[[{"key": MASK}]]]),
        (None, None),
        ("a secret in a plain text", "a secret in a plain text"),
    ],
)
def test_values_under_telling_names_are_hidden_at_any_depth(value: Any, shown: Any) -> None:
    kept = repr(value)
    assert Redaction().value(value) == shown
    assert repr(value) == kept, "the value itself was changed"


def test_a_value_without_end_is_cut_off() -> None:
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    assert f"{'[' * (DEEPEST + 1)}'{MASK}'" in repr(Redaction().value(value))


def test_words_of_the_settings_hide_whole_words_only() -> None:
    redaction = Redaction(more=(words("IBAN"), words("cardNumber")))
    names = ("iban", "customerIban", "card_number", "CARD-NUMBER", "libani", "card", "number")
    assert [name for name in names if redaction.hides(name)] == list(names[:4])


def test_declared_names_hide_as_they_are_written() -> None:
    redaction = Redaction(names=frozenset({"card"}))
    assert redaction.value({"card": 1, "card_type": 2, "order": {"card": 3}}) == {
        "card": MASK, "card_type": 2, "order": {"card": MASK}
    }  # fmt: skip


def test_positional_arguments_are_hidden_by_their_parameters() -> None:
    redaction = Redaction(names=frozenset({"cards"}))
    assert redaction.args(["north", "t0ken", {"key": 1}], ["region", "api_token"]) == ["north", MASK, {"key": MASK}]
    assert redaction.args([1, 2, 3], ["first"], "cards") == [1, MASK, MASK]


def test_keyword_arguments_without_a_parameter_are_hidden_with_the_rest() -> None:
    redaction = Redaction(names=frozenset({"headers"}))
    assert redaction.kwargs({"size": 1, "accept": 2}, ["size"], "headers") == {"size": 1, "accept": MASK}


def test_everything_hides_everything_but_nothing() -> None:
    redaction = Redaction(everything=True)
    assert (redaction.value({"a": 1}), redaction.value(None)) == (MASK, None)
    assert (redaction.args([1], []), redaction.kwargs({"a": 1}, [])) == ([MASK], {"a": MASK})


def test_the_mask_that_comes_back_stands_for_what_was_stored() -> None:
    stored = {"token": "s3cret", "rows": [{"key": 1, "size": 2}], "size": 3}
    given = {"rows": [{"key": MASK, "size": 20}], "token": MASK, "new": 1}
    assert restored(given, Redaction().value(stored), stored) == {
        "rows": [{"key": 1, "size": 20}], "token": "s3cret", "new": 1
    }  # fmt: skip


ADA, BOB, EVE = ({"user": name, "key": name.upper()} for name in ("ada", "bob", "eve"))


@pytest.mark.parametrize(
    ("order", "stored"),
    [([0], [ADA, BOB]), ([0, 1, 1], [ADA, BOB]), ([1], [ADA, BOB]), ([1, 0], [ADA, BOB]), ([0, 2], [ADA, BOB, EVE])],
)
def test_a_secret_never_becomes_that_of_another_item(order: list[int], stored: list[Any]) -> None:
    shown = Redaction().value(stored)
    try:
        found = restored([shown[place] for place in order], shown, stored)
    except MaskMisplaced:
        assert order != [0]
    else:
        assert found == [stored[place] for place in order]


def test_an_item_may_follow_those_that_stay_as_they_are() -> None:
    shown = Redaction().value([ADA, BOB])
    assert restored([*shown, {"key": "new"}], shown, [ADA, BOB]) == [ADA, BOB, {"key": "new"}]
    assert restored([{**shown[0], "user": "Ada"}, shown[1]], shown, [ADA, BOB]) == [{**ADA, "user": "Ada"}, BOB]


@pytest.mark.parametrize("given", [MASK[:-1], f"{MASK}x", f"x{MASK}"])
def test_what_is_left_of_the_mask_is_no_new_secret(given: str) -> None:
    with pytest.raises(MaskMisplaced):
        restored({"key": given}, {"key": MASK}, {"key": "s3cret"})


def test_a_dot_that_was_no_mask_may_stay() -> None:
    assert restored(["\N{BULLET}", "\N{BULLET} one"], ["\N{BULLET}", ""], ["\N{BULLET}", ""])[1] == "\N{BULLET} one"


@pytest.mark.parametrize("given", [[MASK], [MASK, "x"]])
def test_one_of_several_that_look_the_same_is_not_guessed(given: list[str]) -> None:
    with pytest.raises(MaskMisplaced):
        restored(given, [MASK, MASK, "x"], ["a", "b", "x"])


@pytest.mark.parametrize(
    ("given", "stored"), [([MASK], ["north"]), ({"token": MASK}, {}), ([1, MASK], [{"key": 1}]), (MASK, ["x"])]
)
def test_the_mask_in_another_place_is_refused(given: Any, stored: Any) -> None:
    with pytest.raises(MaskMisplaced):
        restored(given, Redaction().value(stored), stored)
