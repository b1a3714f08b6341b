"""Which metrics there are for which kind of endpoint."""

from __future__ import annotations

_INVOCATION_ERRORS = ("Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors")
INVOCATION_METRICS = {
    "realtime": ("Invocations", "InvocationsPerInstance", *_INVOCATION_ERRORS, "ModelLatency", "OverheadLatency",
                 "ConcurrentRequestsPerModel"),
    "streaming": ("Invocations", "InvocationsPerInstance", *_INVOCATION_ERRORS, "FirstChunkLatency",
                  "FirstChunkModelLatency", "FirstChunkOverheadLatency", "MidStreamErrors", "ConcurrentRequestsPerModel"),
    "serverless": ("Invocations", *_INVOCATION_ERRORS, "ModelLatency", "OverheadLatency", "ModelSetupTime"),
    "async": ("ModelLatency", "Invocation4XXErrors", "Invocation5XXErrors"),
}  # fmt: skip
_HOST_METRICS = ("CPUUtilization", "MemoryUtilization", "DiskUtilization")
HOST_METRICS = {
    "realtime": _HOST_METRICS,
    "streaming": (*_HOST_METRICS, "GPUUtilization", "GPUMemoryUtilization"),
    "serverless": (),
    "async": _HOST_METRICS,
}
