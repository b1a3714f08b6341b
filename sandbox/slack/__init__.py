"""A Slack workspace that runs on this machine, strict enough that passing against it means something.

It is a process of its own (`python -m sandbox.slack`); the app under test reaches it only as it would reach Slack.
`API.md` documents what people, tests and the page use. Nothing here may import `bot` or `workers`.
"""
