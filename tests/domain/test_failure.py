"""Why updates fail: every text that was seen in the wild, and what each is taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.failure import FailureKind, classify, log_url

TEXTS = [
    # AWS's own messages, as issues, forums and field reports quote them.
    (
        FailureKind.QUOTA,
        "The account-level service limit 'ml.m5.large for endpoint usage' is 0 Instances, with current utilization of 0 "
        "Instances and a request delta of 1 Instances. Please contact AWS support to request an increase for this limit.",
    ),
    (
        FailureKind.CAPACITY,
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.",
    ),
    (
        FailureKind.CAPACITY,
        "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.",
    ),
    (
        FailureKind.CAPACITY,
        "CapacityError: Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
        "Please retry using a different ML instance type or after some time.",
    ),
    (
        FailureKind.CAPACITY,
        "EC2InsufficientCapacityError: Instance type 'ml.g5.48xlarge' is temporarily unavailable in supported availability "
        "zones [euw1-az1]. Try again in a few minutes, or try a different instance type.",
    ),
    (
        FailureKind.HEALTH_CHECK,
        "The primary container for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint.",
    ),
    (
        FailureKind.HEALTH_CHECK,
        "The container_2 container for production variant b did not pass the ping health check.",
    ),
    (
        FailureKind.IMAGE,
        "CannotStartContainerError. Please ensure the model container for variant comfyui-sample starts correctly when "
        "invoked with 'docker run <image> serve'",
    ),
    (FailureKind.IMAGE, "standard_init_linux.go: exec user process caused: exec format error"),
    (
        FailureKind.IMAGE,
        "Please make sure all images included in the model for the production variant AllTraffic exist, and that the "
        "execution role used to create the model has permissions to access them.",
    ),
    (
        FailureKind.IMAGE,
        "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect.",
    ),
    (
        FailureKind.IMAGE,
        "ClientError: API error (404): manifest for 123456789012.dkr.ecr.us-west-2.amazonaws.com/stt:1 not found: manifest "
        "unknown: Requested image not found",
    ),
    (FailureKind.AMI, "cuda-preflight: the NVIDIA driver 535 is older than 580: set InferenceAmiVersion"),
    (FailureKind.AMI, "CUDA driver version is insufficient for CUDA runtime version"),
    (
        FailureKind.MODEL_DOWNLOAD,
        'Failed to download model data for container "container_1" from URL: "s3://models/stt/model.tar.gz". Please ensure that '
        "there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.",
    ),
    (FailureKind.MODEL_DOWNLOAD, " Failed to download model data for container from URL, s3://models/model.tar.gz"),
    (
        FailureKind.MODEL_DOWNLOAD,
        "Could not access model data at s3://models/stt/. Please ensure that the role "
        '"arn:aws:iam::123456789012:role/sagemaker" exists and that its trust relationship policy allows the action '
        '"sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" '
        "permissions and that the object is located in eu-west-1.",
    ),
    (
        FailureKind.MODEL_DOWNLOAD,
        "The model data archive is too large. Please reduce the size of the model data archive or move to an instance type "
        "with more memory.",
    ),
    (FailureKind.MODEL_DOWNLOAD, "OSError: [Errno 28] No space left on device"),
    (FailureKind.MODEL_DOWNLOAD, "ClientError: Data download failed:Insufficient disk space"),
    (FailureKind.SUBSCRIPTION, "Caller is not subscribed to the marketplace offering."),
    (
        FailureKind.PERMISSION,
        "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke "
        "DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission to deregister the scalable "
        "target.",
    ),
    (
        FailureKind.PERMISSION,
        "User: arn:aws:sts::123456789012:assumed-role/bot/worker is not authorized to perform: sagemaker:CreateEndpointConfig "
        "on resource: arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/x with an explicit deny in a service control "
        "policy",
    ),
    (
        FailureKind.PERMISSION,
        "The role 'arn:aws:iam::123456789012:role/test-role' does not have BatchGetImage permission for the image: "
        "'763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:1.15.2-gpu'.",
    ),
    (
        FailureKind.PERMISSION,
        "The repository of your image 007439368137.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-tritonserver:25.09-py3 does not "
        "grant ecr:GetDownloadUrlForLayer, ecr:BatchGetImage, ecr:BatchCheckLayerAvailability permission to "
        "sagemaker.amazonaws.com service principal.",
    ),
    (
        FailureKind.PERMISSION,
        "SageMaker is unable to perform: sts:AssumeRole on the role. Check if you have a trust relationship for "
        "'sagemaker.amazonaws.com' to assume the role.",
    ),
    (
        FailureKind.PERMISSION,
        'The execution role ARN "arn:aws:iam::123456789012:role/x" is invalid. Please ensure that the role exists and that its '
        'trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".',
    ),
    (FailureKind.INTERNAL, "Request to service failed. If failure persists after retry, contact customer support."),
    (FailureKind.INTERNAL, "We encountered an internal error. Please try again."),
    (
        FailureKind.MISSING,
        'Could not find endpoint configuration "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/old".',
    ),
    (FailureKind.MISSING, 'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/old".'),
    (FailureKind.SETTING, "ManagedInstanceScaling is only supported for inference component endpoints."),
    (FailureKind.SETTING, "Environment variable map cannot be specified for this model package."),
    (FailureKind.SETTING, "ARN should be scoped to correct region: us-west-2"),
    # Texts that nobody has published: what AWS's documentation says of the rule, in its own words for it.
    (
        FailureKind.SCALING,
        "Variant AllTraffic of endpoint arn:aws:sagemaker:us-east-1:123456789012:endpoint/x is registered as a scalable target "
        "and cannot be removed. Deregister it first.",
    ),
    (
        FailureKind.ALARM,
        "The deployment was rolled back because these alarms went into ALARM state: [bot-stt-prod-r1-5xx].",
    ),
]


@pytest.mark.parametrize(("kind", "text"), TEXTS)
def test_text_is_taken_for_what_it_is_about_with_something_to_do(kind, text):
    failure = classify(text)
    assert failure.kind is kind
    assert failure.what.endswith(".")
    assert failure.next_step.endswith(".")


@pytest.mark.parametrize(("kind", "text"), TEXTS)
def test_text_is_recognised_inside_the_words_of_a_tool_around_it(kind, text):
    assert classify(f"Error hosting endpoint stt-prod: Failed. Reason:  {text}. Try again.").kind is kind


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind is not FailureKind.UNKNOWN])
def test_every_kind_has_a_text(kind):
    assert kind in [k for k, _ in TEXTS]


def test_nothing_but_a_lack_of_capacity_may_be_tried_again_by_itself():
    assert {kind for kind, text in TEXTS if classify(text).retryable} == {FailureKind.CAPACITY}


def test_quota_failure_says_limit_use_and_wish():
    failure = classify(
        "An error occurred (ResourceLimitExceeded): The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 4 "
        "Instances, with current utilization of 3 Instances and a request delta of 2 Instances. Please use AWS Service Quotas."
    )
    assert failure.what == "The quota “ml.g5.2xlarge for endpoint usage” is 4: 3 in use, 2 more asked for."


def test_missing_permission_is_named():
    failure = classify("User: x is not authorized to perform: sagemaker:UpdateEndpoint on resource: y")
    assert failure.what == "AWS does not allow sagemaker:UpdateEndpoint."


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceLimitExceeded", FailureKind.QUOTA),
        ("AccessDeniedException", FailureKind.PERMISSION),
        ("InternalFailure", FailureKind.INTERNAL),
        ("ValidationException", FailureKind.SETTING),
        ("SomethingNew", FailureKind.UNKNOWN),
    ],
)
def test_code_speaks_where_the_text_says_nothing_known(code, kind):
    assert classify("Something nobody has seen", code).kind is kind
    assert classify(None, code).kind is kind


def test_quota_without_numbers_is_still_a_quota():
    assert classify("ResourceLimitExceeded").what == "The account may not have that many instances."
    assert classify("AccessDenied").what == "A role lacks a permission."


@pytest.mark.parametrize("text", [None, "", "  "])
def test_failure_without_a_reason_says_so_and_where_to_look(text):
    failure = classify(text)
    assert failure.kind is FailureKind.UNKNOWN
    assert failure.what == "SageMaker gave no reason."
    assert "log" in failure.next_step


@given(st.text(max_size=1024), st.none() | st.text(max_size=30))
def test_any_text_has_an_answer(text, code):
    failure = classify(text, code)
    assert failure.what
    assert failure.next_step


def test_text_that_nobody_knows_is_not_guessed_at():
    assert classify("The moon was in the wrong phase.").kind is FailureKind.UNKNOWN


@pytest.mark.parametrize(
    ("region", "start"),
    [
        ("us-east-1", "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:"),
        ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1#logsV2:"),
        (
            "us-gov-west-1",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1#logsV2:",
        ),
    ],
)
def test_log_link_opens_the_log_group_in_the_console_of_its_partition(region, start):
    url = log_url(region, "stt-prod")
    assert url == f"{start}log-groups/log-group/$252Faws$252Fsagemaker$252FEndpoints$252Fstt-prod"
