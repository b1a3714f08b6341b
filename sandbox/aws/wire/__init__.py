"""The wire protocols of AWS: which operation a request names, its parameters as Python values, and the answer's bytes.

Four protocols are spoken, each driven by botocore's service models: JSON 1.0/1.1 (SageMaker, Application Auto Scaling,
Service Quotas, Pricing), Smithy RPC v2 with CBOR (CloudWatch since botocore 1.40, Marketplace agreements), Query (STS, older
CloudWatch clients) and REST (S3 objects; Marketplace Discovery, whose bodies are JSON).
"""

from .protocol import Protocol, Reply
from .request import SERVICES, WireRequest, guess_protocol, read_request, service_models

__all__ = ["SERVICES", "Protocol", "Reply", "WireRequest", "guess_protocol", "read_request", "service_models"]
