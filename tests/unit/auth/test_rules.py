"""What counts as the same e-mail, password and guesser."""

import pytest

from tiketi_core.auth import rules


def test_a_password_typed_in_pieces_is_the_same():
    assert rules.canonical_password("e\u0301") == rules.canonical_password("é")


@pytest.mark.parametrize("other", ["a@B.com", "A@b.COM"])
def test_case_makes_no_other_email(other):
    assert rules.attempt(other, "1.2.3.4") == rules.attempt("a@b.com", "1.2.3.4")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "address:192.0.2.7"),
        ("::ffff:192.0.2.7", "address:192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
        ("", "address:unknown"),
        ("/run/socket", "address:unknown"),
    ],
)
def test_a_guesser_is_the_network_it_may_choose_addresses_from(address, key):
    assert rules.attempt("a@b.com", address).address_key == key


def test_sandbox_names_are_in_order_and_never_cut():
    assert rules.sandbox_names("crowd", 999_999, 2) == ["crowd-999999", "crowd-1000000"]
    assert rules.sandbox_email("crowd-000001") == "crowd-000001@load.tiketi.test"
