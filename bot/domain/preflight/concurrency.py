"""Whether the account may serve so many serverless requests at once, over all its serverless endpoints."""

from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning

QUOTA = "Maximum total concurrency that can be allocated across all serverless endpoints"


def serverless_quota_allows(facts: Facts) -> Finding | None:
    """Nothing where no more is asked for than is allocated already."""
    need = facts.concurrency
    if need is None or need.more <= 0:
        return None
    what = "the endpoint" if facts.kind is Kind.CREATE else "the change"
    more = f"{what} needs {need.more} more"
    if need.limit is not None and (need.used or 0) + need.more > need.limit:
        return blocker(
            CheckName.SERVERLESS_QUOTA,
            f"The quota of serverless concurrency is too small: {need.used or 0} of {need.limit} are allocated in this region; {more}.",
            f"Ask AWS Service Quotas for at least {(need.used or 0) + need.more} for “{QUOTA}”, or lower max_concurrency here or "
            "elsewhere.",
        )
    if need.limit is None or need.used is None:
        limit = "a quota that is not known" if need.limit is None else f"a quota of {need.limit}"
        used = "how much is allocated is not known" if need.used is None else f"{need.used} are allocated"
        return warning(
            CheckName.SERVERLESS_QUOTA,
            f"Whether the quota of serverless concurrency suffices could not be told: {used}, of {limit}; {more}.",
            "If it does not, SageMaker refuses. To have it checked, allow the bot to read Service Quotas and all endpoints.",
        )
    return ok(
        CheckName.SERVERLESS_QUOTA,
        f"{need.used} of {need.limit} serverless requests at once are allocated in this region; {more}.",
    )
