"""Members that SageMaker shows and that this version of botocore does not know: noticed, for botocore itself drops them in silence.

A clone of a config whose newest setting was dropped would be a fleet without that setting.
"""

import json
from typing import Any

from workers.gateways.shapes import sendable

NEWER = "NewerThanBotocore"
"""The key of an answer under which the paths of such members stand; no member of SageMaker's has this name."""

_CLONED = ("DescribeEndpointConfig", "DescribeModel")


def note_newer_members(client: Any) -> None:
    """Let every answer that documents are cloned from say which of its members botocore would drop.

    Args:
        client: A boto3 `sagemaker` client.
    """
    for operation in _CLONED:
        client.meta.events.register(
            f"before-parse.sagemaker.{operation}", _note_newer, unique_id=f"newer-members-{operation}"
        )


def _note_newer(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    if response_dict["status_code"] >= 300:
        return
    try:
        answer = json.loads(response_dict["body"])
    except ValueError:
        return  # not SageMaker's words; botocore, who reads them next, says so better
    _, newer = sendable(answer, operation_model.output_shape)
    customized_response_dict[NEWER] = newer
