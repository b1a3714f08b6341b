"""A local AWS control plane: SageMaker and the services around it, over their real wire protocols.

boto3 talks to it unmodified through ``AWS_ENDPOINT_URL``. Requests and answers are checked against botocore's own
service models, so what passes here has the shape that AWS accepts. State lives in memory; time may run faster than the wall.

Run it with ``python -m sandbox.aws``; steer it with :class:`sandbox.aws.driver.AwsDriver`.
"""
