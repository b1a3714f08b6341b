"""What may follow what in the Marketplace."""

import pytest

from bot.domain.track import (
    Release,
    in_order,
    is_on_track,
    matches,
    missing_from,
    number_in,
    package_name,
    release_of,
)

HASH = "0123456789abcdef0123456789abcdef"


def arn(name: str, account: str = "865070037744") -> str:
    return f"arn:aws:sagemaker:us-east-1:{account}:model-package/{name}-{HASH}"


TRACK = (arn("acme-stt-en-v2"), arn("acme-stt-en-v9"))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("acme-stt-en-v2", (2,)),
        ("acme-stt-en-v10", (10,)),
        ("cohere-gpt-medium-v1-5", (1, 5)),
        ("2.0", (2,)),
        ("2.0.1", (2, 0, 1)),
        ("v3", (3,)),
        ("Version 3.10", (3, 10)),
        ("0", (0,)),
        ("acme-stt-en", None),
        ("acme-stt-en2", None),
        ("", None),
        ("latest", None),
    ],
)
def test_the_version_is_what_a_name_ends_with(name: str, number: tuple[int, ...] | None):
    assert number_in(name) == number


def test_a_package_has_a_name_without_its_hash():
    assert package_name(arn("acme-stt-en-v2")) == "acme-stt-en-v2"
    assert package_name("arn:aws:sagemaker:us-east-1:123456789012:model-package/own-v1") == "own-v1"


@pytest.mark.parametrize(
    ("name", "is_meant"),
    [
        ("acme-stt-en-v3", True),
        ("Acme-STT-en-v12", True),
        ("acme-stt-fr-v3", False),
        ("acme-stt-en-vnext", False),
        ("acme-stt-en-vision-v3", False),
    ],
)
def test_a_pattern_means_versions_of_one_name(name: str, is_meant: bool):
    assert matches("acme-stt-en-v*", arn(name)) is is_meant


def test_what_is_listed_or_of_the_pattern_is_on_the_track_and_nothing_else():
    assert is_on_track(TRACK[0].upper(), TRACK)
    assert not is_on_track(arn("acme-stt-en-v3"), TRACK)
    assert is_on_track(arn("acme-stt-en-v3"), TRACK, "acme-stt-en-v*")
    assert not is_on_track(arn("acme-stt-de-v3"), TRACK, "acme-stt-en-v*")


def test_a_package_of_another_seller_is_of_another_track_whatever_its_name():
    assert not is_on_track(arn("acme-stt-en-v3", account="999999999999"), TRACK, "acme-stt-en-v*")


def test_versions_are_compared_as_numbers():
    assert in_order([arn("a-v2"), arn("a-v10")])
    assert not in_order([arn("a-v10"), arn("a-v2")])
    assert in_order([arn("nightly"), arn("a-v2")])


def test_only_releases_beyond_the_track_are_missing_from_it():
    offered = [Release(version=v) for v in ("10.0", "2.0", "3.0", "9", "beta", "9.1")]
    assert [r.version for r in missing_from(TRACK, offered)] == ["9.1", "10.0"]
    assert missing_from([arn("nightly")], offered) == ()


def test_a_package_is_known_as_a_release_by_its_version():
    offered = [Release(version="9.0", notes="faster"), Release(version="2.0")]
    assert release_of(TRACK[1], offered) == offered[0]
    assert release_of(arn("nightly"), offered) is None
    assert release_of(arn("acme-stt-en-v4"), offered) is None
