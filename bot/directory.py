"""Who is behind the ids that Slack draws as names: for terminals, which show text as it is."""

import logging

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

log = logging.getLogger(__name__)


class Directory:
    """Looks names up, each once. What Slack does not tell stays an id; once Slack is away, nobody waits for it again."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._known: dict[str, str] = {}
        self._is_away = False
        self._has_groups = False

    def name_of(self, reference: str) -> str:
        """`@ben` for `@U0BEN`, `@ml-ops` for the user group `@S0MLOPS`. Channels stay ids: their names take more scopes."""
        if reference not in self._known and not self._is_away:
            try:
                self._look_up(reference)
            except (SlackApiError, OSError) as error:
                self._is_away = not isinstance(error, SlackApiError)
                log.info("Slack does not tell who %s is: %s", reference, error)
        return self._known.setdefault(reference, reference)

    def _look_up(self, reference: str) -> None:
        if reference.startswith(("@U", "@W")):
            self._known[reference] = f"@{self._client.users_info(user=reference[1:])['user']['name']}"
        elif reference.startswith("@S") and not self._has_groups:
            self._has_groups = True
            groups = self._client.usergroups_list()["usergroups"]
            self._known |= {f"@{group['id']}": f"@{group['handle']}" for group in groups}
