"""STS: who am I, and temporary credentials that lead into another account."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from .errors import AwsError
from .world import Call, Caller, operation

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.+/)?([^/]+)")


@operation("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    return {"UserId": call.caller.user_id, "Account": call.caller.account, "Arn": call.caller.arn}


@operation("sts", "AssumeRole")
def assume_role(call: Call) -> dict[str, Any]:
    match = _ROLE.fullmatch(call.params["RoleArn"])
    if match is None:
        raise AwsError("ValidationError", f"{call.params['RoleArn']} is invalid")
    account, role = match.groups()
    session = call.params["RoleSessionName"]
    number = next(call.region.world.serial)
    access_key, role_id = f"ASIASANDBOX{number:09d}", f"AROASANDBOX{role.upper()[:9]:A<10}"
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
    call.region.world.sessions[access_key] = Caller(account, arn, f"{role_id}:{session}")
    return {
        "Credentials": {
            "AccessKeyId": access_key,
            "SecretAccessKey": f"sandbox-secret-{number}",
            "SessionToken": f"sandbox-token-{number}",
            "Expiration": call.now + timedelta(seconds=call.params.get("DurationSeconds", 3600)),
        },
        "AssumedRoleUser": {"AssumedRoleId": f"{role_id}:{session}", "Arn": arn},
    }
