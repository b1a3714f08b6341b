"""Hides what looks like a secret: environment variables reach Slack and Redis only as people may see them."""

import re

MASK = "••••"

_SECRET_KEY = re.compile(
    r"""
      key|token|secret|passw|passphrase|pwd|credential|license|private|auth|cookie|salt|dsn|webhook
    | (?<!by)(?<!com)pass(?![a-z])              # DB_PASS, PGPASS; not BYPASS, COMPASS, MAX_PASSES
    """,
    re.IGNORECASE | re.VERBOSE,
)

_SECRET_INSIDE = re.compile(
    r"""
      [a-z][a-z0-9+.-]*://[^/\s@]+@             # a URL with a user or password in it
    | -----BEGIN\ [A-Z ]+-----                  # PEM
    | \b(?:xox[a-z]|xapp|gh[pousr]|github_pat|glpat|hf|npm|dop_v1|sk|pk|rk)[-_][A-Za-z0-9]   # well-known token prefixes
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b             # AWS access key ids
    | \beyJ[A-Za-z0-9_-]+\.                     # JWT
    | \b(?:bearer|basic)\s+\S{8}                # HTTP authorization
    | ://\S*hook(?:s|b2)?[./]                   # a webhook's address: whoever knows it may post there
    | (?:key|token|secret|passw\w*|passphrase|[_?&-]pass|pwd|credential|signature|sig)["']?\s*[=:]   # in a query, a JSON, a DSN
    """,
    re.IGNORECASE | re.VERBOSE,
)

_SECRET_WHOLE = re.compile(
    r"""
      [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}        # UUID: what licences look like
    | [0-9a-fA-F]{32,}                                   # hex
    | (?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9_+/=~-]{20,}   # long, of mixed case, with digits, one word
    """,
    re.VERBOSE,
)


def masked(key: str, value: str) -> str:
    """The value as people may see it: a secret-looking one is hidden whole, for a part of it would help a guesser.

    Args:
        key: The environment variable's name, or any other field's.
        value: Its value.
    """
    if _SECRET_KEY.search(key) or _SECRET_INSIDE.search(value) or _SECRET_WHOLE.fullmatch(value.strip()):
        return MASK
    return value
