"""What comes after what in a group or on a track."""

from itertools import combinations

import pytest

from bot.domain.fleet import EndpointSpec, parse_fleet
from bot.domain.managing.ranks import is_later, rank_of

ARN = "arn:aws:sagemaker:us-east-1:865070037744:model-package"


def listed(version: str, name: str = "acme-stt-en-v", at: str = ARN) -> str:
    """A Marketplace package, whose hash says nothing about its version."""
    return f"{at}/{name}{version}-{hash_of(version)}"


def hash_of(version: str) -> str:
    return version.encode().hex().zfill(32)[::-1]


def spec_of(source: str) -> EndpointSpec:
    text = f"version: 1\ndefaults: {{approval: {{users: [U0BEN]}}}}\nendpoints: {{stt-prod: {{{source}}}}}\n"
    return parse_fleet(text, "fleet.yaml").endpoint("stt-prod")


ALONE = spec_of(f"track: [{listed('1')}, {listed('2')}, {listed('3')}]")
OPEN = spec_of(f"track: [{listed('1')}, {listed('2')}, {listed('3')}], track_pattern: acme-stt-en-v*")
GROUP = spec_of("model_package_group: Sentiment")

IN_ORDER = ["0.9", "1", "1.5", "2", "2.0.1", "2.7", "3", "3.1", "4", "10"]


def test_versions_of_a_pattern_are_in_the_order_of_their_numbers_listed_or_not():
    for earlier, later in combinations(IN_ORDER, 2):
        assert is_later(OPEN, listed(later), than=listed(earlier)) is True
        assert is_later(OPEN, listed(earlier), than=listed(later)) is False


def test_no_version_is_later_than_itself():
    assert is_later(OPEN, listed("4"), than=listed("4").upper()) is False
    assert is_later(ALONE, listed("3"), than=listed("3")) is False


@pytest.mark.parametrize(
    "stranger",
    [
        None,
        listed("4", name="acme-stt-de-v"),
        listed("4", at=ARN.replace("865070037744", "111122223333")),
        f"{ARN}/sentiment/4",
    ],
)
def test_what_is_of_another_product_or_seller_is_neither_earlier_nor_later(stranger: str | None):
    assert is_later(OPEN, stranger, than=listed("3")) is None
    assert is_later(OPEN, listed("3"), than=stranger) is None
    assert rank_of(OPEN, stranger) is None


def test_without_a_pattern_the_list_alone_tells():
    assert is_later(ALONE, listed("3"), than=listed("1")) is True
    assert is_later(ALONE, listed("4"), than=listed("3")) is None


def test_what_is_not_listed_has_no_number_of_its_own():
    assert [rank_of(OPEN, listed(version)) for version in ("1", "2", "3", "4")] == [1, 2, 3, None]
    assert rank_of(OPEN, listed("2").upper()) == 2


def test_versions_of_a_group_are_counted_whatever_the_case_of_its_name():
    def version(number: int, group: str = "sentiment") -> str:
        return f"{ARN}/{group}/{number}"

    assert rank_of(GROUP, version(12)) == 12
    assert is_later(GROUP, version(12), than=version(9)) is True
    assert is_later(GROUP, version(12), than=version(9, "credibility")) is None
    assert rank_of(GROUP, version(1, "credibility")) is None
