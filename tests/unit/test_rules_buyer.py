"""Laws of what buyers meet, by hand: tone, record, site, mails, rivals."""

from __future__ import annotations

import math

import pytest

from funnelsim.randomness import uniform
from funnelsim.rules.mail import mail_gain, on_late_list, unsubscribes
from funnelsim.rules.rivals import rival_edge, rival_trust, to_rival
from funnelsim.rules.site import abandons, fills_cart
from funnelsim.rules.trust import AIMS_ANY, AIMS_EARLY, AIMS_LATE, heard, scaled, still_known


def test_a_touch_is_heard_as_it_is_when_nothing_is_wrong():
    assert heard(0.12, True, 1.0, AIMS_ANY, False, 1.0) == 0.12
    assert heard(0.12, False, 0.85, AIMS_ANY, True, 0.6) == 0.12


def test_contradiction_and_wrong_tone_weaken_it():
    assert heard(0.10, True, 0.85, AIMS_ANY, True, 0.6) == pytest.approx(0.085)
    assert heard(0.10, False, 0.85, AIMS_EARLY, True, 0.6) == pytest.approx(0.06)
    assert heard(0.10, False, 0.85, AIMS_EARLY, False, 0.6) == 0.10
    assert heard(0.10, True, 0.85, AIMS_LATE, False, 0.6) == pytest.approx(0.051)


def test_no_factor_makes_a_touch_convince_for_good():
    assert scaled(0.5, 1.3) == pytest.approx(0.65)
    assert scaled(0.9, 1.3) == 0.98
    assert scaled(0.99, 1.3) == 0.99
    assert scaled(0.99, 1.0) == 0.99


def test_addresses_go_bad_at_their_rate():
    assert still_known(365.0, 0.30 / 365.0) == pytest.approx(math.exp(-0.30))
    assert still_known(100.0, 0.0) == 1.0


def test_five_reviews_fill_almost_four_times_as_many_carts():
    assert fills_cart(0.02, 0.0, 5.0, 2.7) == 0.02
    assert fills_cart(0.02, 5.0, 5.0, 2.7) == pytest.approx(0.02 * 3.7)
    assert fills_cart(0.02, 50.0, 5.0, 2.7) == pytest.approx(0.02 * 3.7)
    assert fills_cart(0.02, 2.5, 5.0, 2.7) == pytest.approx(0.02 * 2.35)
    assert fills_cart(0.9, 5.0, 5.0, 2.7) == 1.0


def test_an_answer_raises_purchases_not_abandonment():
    assert abandons(0.7, False, 0.2) == 0.7
    assert 1.0 - abandons(0.7, True, 0.2) == pytest.approx(0.3 * 1.2)
    assert abandons(0.1, True, 5.0) == 0.0


def test_lists_follow_the_score():
    assert on_late_list(0.5, 0.4, 0.6, 0.25, 0.0, 0.0)
    assert not on_late_list(0.3, 0.4, 0.6, 0.25, 0.0, 0.0)
    assert on_late_list(0.3, 0.4, 0.6, 0.25, 1.0, 0.7)  # noise: 0.1 / 0.6 / 0.25 = 0.67 sd too low


def test_mails_of_the_right_list_gain_and_of_the_wrong_lose():
    assert mail_gain(False, False, 0.3, 0.3) == 1.0
    assert mail_gain(True, False, 0.3, 0.3) == pytest.approx(1.3)
    assert mail_gain(True, True, 0.3, 0.3) == 0.3


def test_readers_leave_a_list_that_writes_too_often():
    assert unsubscribes(0.0025, 0.0, 3.0, False, 2.0) == 0.0025
    assert unsubscribes(0.0025, 3.0, 3.0, False, 2.0) == pytest.approx(0.005)
    assert unsubscribes(0.0025, 6.0, 3.0, True, 2.0) == pytest.approx(0.025)
    assert unsubscribes(0.5, 30.0, 3.0, False, 2.0) == 1.0


def test_trust_in_the_rival_has_its_mean_and_stays_in_range():
    drawn = [rival_trust(uniform(1, i, 0, 0), 0.5, 0.15) for i in range(2000)]
    assert sum(drawn) / len(drawn) == pytest.approx(0.5, abs=0.015)
    assert min(drawn) >= 0.0 and max(drawn) <= 0.98
    assert rival_trust(0.5, 0.5, 0.0) == pytest.approx(0.5)


def test_an_average_rival_changes_nothing_and_positioning_makes_rivals_count_less():
    assert rival_edge(0.5, 0.6, 0.5, 4.0, 0.0, 0.0) == 0.0
    assert rival_edge(0.7, 0.8, 0.5, 4.0, 0.0, 0.0) == pytest.approx(-0.8)
    assert rival_edge(0.7, 0.6, 0.5, 4.0, 1.5, 0.0) == pytest.approx(-0.8 - 1.5)
    assert rival_edge(0.7, 0.6, 0.5, 4.0, 1.5, 1.0) == 0.0
    assert rival_edge(0.7, 0.6, 0.5, 4.0, 1.5, 0.5) == pytest.approx(0.5 * (-0.8 - 1.5))


def test_a_trusted_rival_gets_more_of_those_who_do_not_buy_from_us():
    assert to_rival(0.6, 0.9, 0.5, 0.0) == 0.6
    assert to_rival(0.6, 0.5, 0.5, 3.0) == pytest.approx(0.6)
    assert to_rival(0.6, 0.7, 0.5, 3.0) > 0.7
    assert to_rival(0.0, 0.9, 0.5, 3.0) == 0.0
    assert to_rival(1.0, 0.1, 0.5, 3.0) == 1.0
