"""Builders of waves: in any state, as the engine would have left them there."""

from datetime import timedelta
from typing import Any

from bot.domain.commands import Change
from bot.domain.rollout_parts import Thread
from bot.domain.wave import Member, Wave, open_wave
from fakes.clock import NOW
from fakes.records import ANNA

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/5"


def a_member(endpoint: str, stage: int = 0, **fields: Any) -> Member:
    return Member(
        **{
            "endpoint": endpoint,
            "stage": stage,
            "change": Change(package=ARN),
            "before": "sentiment version 4",
            "after": "sentiment version 5",
            "package_arn": ARN,
            "rank": 5,
            "config": f"{endpoint}-v4",
            "pools": {"own:own ml.m5.xlarge": 2},
            "expected": timedelta(minutes=20),
            "channel": "C0MLDEPLOYS",
            **fields,
        }
    )


def a_wave(*members: Member, needs_approval: bool = True, **fields: Any) -> Wave:
    """A wave over three endpoints in two stages, unless it says otherwise."""
    return open_wave(
        **{
            "id": "wabc2345",
            "name": "sentiment",
            "requester": ANNA,
            "now": NOW,
            "expires_after": timedelta(hours=4),
            "approval_needed": needs_approval,
            "thread": Thread(channel_id="C0WORK"),
            "label": "sentiment version 5",
            "package_arn": ARN,
            "members": members or (a_member("one"), a_member("two", 1), a_member("three", 1)),
            "soak": timedelta(hours=1),
            "at_once": 1,
            **fields,
        }
    )
