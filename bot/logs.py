"""Logging of both processes: one line per event on stderr, with its moment in UTC and no secrets."""

import logging
import re
import time

_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|https://hooks\.slack(?:-gov)?\.com/\S+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)


class WithoutSecrets(logging.Formatter):
    """Hides what looks like a Slack token, a response_url or a password in a URL, whoever logged it."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return _SECRETS.sub("•••", super().format(record))


def set_up_logging(level: str, process: str) -> None:
    """Log to stderr at that level; libraries that chat start at WARNING."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        WithoutSecrets(f"%(asctime)sZ %(levelname)-7s {process}: %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("botocore", "boto3", "urllib3", "slack_sdk", "slack_bolt", "matplotlib", "PIL", "waitress", "rq"):
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))
