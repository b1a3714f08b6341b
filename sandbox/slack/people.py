"""Who and what is in the workspace when it starts: people, groups and channels. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.slack.timezones import BERLIN, KOLKATA, LONDON, LOS_ANGELES, NEW_YORK, Timezone

TEAM_ID = "T0SANDBOX"
TEAM_DOMAIN = "sandbox"
OTHER_TEAM_ID = "T0OTHER"
BOT_USER_ID = "U0BOT"
BOT_ID = "B0BOT"
BOT_NAME = "endpoint-bot"
APP_ID = "A0ENDPOINT"
SLACKBOT_ID = "USLACKBOT"
VERIFICATION_TOKEN = "deprecated-verification-token"


@dataclass(frozen=True)
class Person:
    """A member of the workspace, the bot and Slackbot included."""

    id: str
    name: str
    real_name: str
    title: str = ""
    team_id: str = TEAM_ID
    color: str = "4a5568"
    is_bot: bool = False
    timezone: Timezone = BERLIN

    @property
    def is_external(self) -> bool:
        """True for a Slack Connect guest, who belongs to another team."""
        return self.team_id != TEAM_ID

    def to_api(self) -> dict[str, Any]:
        """The user object of users.info."""
        user: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": False,
            "color": self.color,
            "real_name": self.real_name,
            **self.timezone.to_api(),
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "title": self.title,
                "team": self.team_id,
                "image_48": "",
            },
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1767225600,
        }
        if self.is_external:
            return {**user, "is_stranger": False}  # shares a channel with us, hence no stranger, but not ours either
        return {
            **user,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
        }

    def to_page(self) -> dict[str, Any]:
        """What the page needs to show this person."""
        initials = "".join(word[0] for word in self.real_name.replace("-", " ").split()[:2]).upper()
        return {
            "id": self.id,
            "name": self.name,
            "real_name": self.real_name,
            "title": self.title,
            "team_id": self.team_id,
            "is_bot": self.is_bot,
            "color": f"#{self.color}",
            "initials": initials,
        }


@dataclass
class Channel:
    """A channel or the direct messages of one person with the bot."""

    id: str
    name: str
    kind: str
    """`public`, `private` or `im`."""
    members: set[str]
    topic: str = ""
    is_ext_shared: bool = False

    @property
    def has_bot(self) -> bool:
        return BOT_USER_ID in self.members

    @property
    def people(self) -> list[str]:
        """Its human members, in a stable order."""
        return sorted(self.members - {BOT_USER_ID, SLACKBOT_ID})

    def to_api(self) -> dict[str, Any]:
        """The conversation object as the bot sees it."""
        common = {"id": self.id, "created": 1767225600, "is_archived": False, "is_org_shared": False}
        if self.kind == "im":
            return {**common, "is_im": True, "user": self.people[0], "is_user_deleted": False, "is_open": True}
        return {
            **common,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": False,
            "is_mpim": False,
            "is_private": self.kind == "private",
            "is_general": False,
            "is_shared": self.is_ext_shared,
            "is_ext_shared": self.is_ext_shared,
            "is_member": self.has_bot,
            "creator": "U0CARLA",
            "topic": {"value": self.topic, "creator": "U0CARLA", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }

    def to_page(self) -> dict[str, Any]:
        """What the page needs to list this channel."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "topic": self.topic,
            "members": sorted(self.members),
            "bot_is_member": self.has_bot,
            "is_ext_shared": self.is_ext_shared,
        }


@dataclass(frozen=True)
class UserGroup:
    """A group that can be mentioned, such as @ml-ops."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]
    disabled_at: int = 0
    """When somebody disabled it, as Slack's `date_delete`; 0 for a group in use."""

    @property
    def is_disabled(self) -> bool:
        """Disabled groups cannot be mentioned, and the Web API leaves them out unless asked."""
        return self.disabled_at > 0

    def to_api(self, include_users: bool) -> dict[str, Any]:
        """The group object of usergroups.list."""
        group: dict[str, Any] = {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "name": self.name,
            "description": "",
            "handle": self.handle,
            "is_external": False,
            "date_create": 1767225600,
            "date_update": 1767225600,
            "date_delete": self.disabled_at,
            "auto_type": None,
            "created_by": "U0CARLA",
            "updated_by": "U0CARLA",
            "deleted_by": "U0CARLA" if self.is_disabled else None,
            "prefs": {"channels": [], "groups": []},
            "user_count": len(self.users),
        }
        return {**group, "users": list(self.users)} if include_users else group


@dataclass(frozen=True)
class AppConfig:
    """What the app's settings page at Slack would say. `scopes` and `events` are None when everything is granted."""

    commands: tuple[dict[str, Any], ...] = (
        {
            "command": "/endpoint",
            "description": "Change a SageMaker endpoint safely",
            "usage_hint": "help",
            "should_escape": True,
        },
    )
    shortcuts: tuple[dict[str, Any], ...] = ()
    scopes: tuple[str, ...] | None = None
    events: tuple[str, ...] | None = None

    def command(self, name: str) -> dict[str, Any] | None:
        """The command with this name, as the manifest declares it."""
        return next((command for command in self.commands if command["command"] == name), None)

    def hears(self, event: str) -> bool:
        """True if the app subscribed to this event (`app_mention`, `message.im`, `app_home_opened`)."""
        return self.events is None or event in self.events


def everybody() -> dict[str, Person]:
    """The cast, by user id."""
    cast = (
        Person("U0ANNA", "anna", "Anna Okafor", "ML engineer", color="2b6cb0"),
        Person("U0BEN", "ben", "Ben Castellano", "Staff engineer, inference", color="2f855a", timezone=NEW_YORK),
        Person("U0CARLA", "carla", "Carla Lindqvist", "On-call, ML platform", color="b7791f"),
        Person("U0DAVE", "dave", "Dave Hummel", "Product", color="9b2c2c", timezone=KOLKATA),
        Person(
            "U0EVE",
            "eve",
            "Eve Marchetti",
            "Consultant at Other Ltd",
            team_id=OTHER_TEAM_ID,
            color="6b46c1",
            timezone=LONDON,
        ),
        Person(BOT_USER_ID, BOT_NAME, "endpoint-bot", "App", color="1f2937", is_bot=True, timezone=LOS_ANGELES),
        Person(SLACKBOT_ID, "slackbot", "Slackbot", "", color="757575", is_bot=False, timezone=LOS_ANGELES),
    )
    return {person.id: person for person in cast}


def user_groups() -> dict[str, UserGroup]:
    """The user groups, by id."""
    groups = (
        UserGroup("S0MLOPS", "ml-ops", "ML operations", ("U0CARLA",)),
        UserGroup("S0RELEASE", "release-crew", "Release crew (disbanded)", ("U0DAVE",), disabled_at=1769904000),
    )
    return {group.id: group for group in groups}


def channels() -> dict[str, Channel]:
    """The channels that exist at the start, by id."""
    staff = {"U0ANNA", "U0BEN", "U0CARLA", "U0DAVE"}
    opening = (
        Channel(
            "C0MLDEPLOYS",
            "ml-deploys",
            "public",
            staff | {"U0EVE", BOT_USER_ID},
            topic="Every change of an endpoint, in the open",
            is_ext_shared=True,
        ),
        Channel(
            "C0SENTIMENT", "sentiment", "public", {"U0ANNA", "U0BEN", "U0CARLA", BOT_USER_ID}, topic="Sentiment models"
        ),
        Channel("C0RANDOM", "random", "public", set(staff), topic="Anything else"),
        Channel("G0SECRET", "secret-plans", "private", {"U0ANNA", "U0CARLA"}),
    )
    return {channel.id: channel for channel in opening}


def dm_id(user_id: str) -> str:
    """The id of a person's direct messages with the bot."""
    return f"D0{user_id[2:]}"
