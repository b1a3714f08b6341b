"""What looks like a secret by its name or by its value, and what only resembles one."""

import pytest

from bot.domain.masking import MASK, masked


@pytest.mark.parametrize(
    "key",
    [
        *(
            "DB_PASS",
            "REDIS_PASS",
            "PASS",
            "dbPass",
            "DBPASS",
            "PGPASS",
            "PASS_FILE_CONTENT",
            "PASSPHRASE",
            "sshPassphrase",
        ),
        *("MYSQL_PWD", "PGPWD", "SMTP_PASSWD", "SESSION_COOKIE", "HASH_SALT", "SENTRY_DSN", "SLACK_WEBHOOK_URL"),
    ],
)
def test_a_password_by_any_of_its_usual_names_is_masked(key: str) -> None:
    assert masked(key, "hunter2x") == MASK


@pytest.mark.parametrize(
    "key", ["BYPASS", "CACHE_BYPASS", "COMPASS_HOST", "COMPASS", "MAX_PASSES", "NUM_PASSES", "PASSTHROUGH"]
)
def test_a_name_that_only_has_a_password_s_letters_in_it_hides_nothing(key: str) -> None:
    assert masked(key, "3") == "3"


@pytest.mark.parametrize(
    "value",
    [
        "https://hooks.slack.com/services/T000/B000/abc",
        "https://hooks.slack-gov.com/services/T000/B000/abc",
        "https://discord.com/api/webhooks/1/abc",
        "https://acme.webhook.office.com/webhookb2/abc",
        "host=db user=bot db_pass=hunter2x",
        "passphrase: hunter2x",
    ],
)
def test_whoever_reads_such_a_value_could_use_it_so_it_is_masked_under_any_name(value: str) -> None:
    assert masked("TARGET", value) == MASK


@pytest.mark.parametrize("value", ["PASS: 12 of 12 tests", "pass=12 fail=0", "bypass: on", "https://host/v1/hooked"])
def test_what_a_check_says_about_passing_is_shown(value: str) -> None:
    assert masked("", value) == value
