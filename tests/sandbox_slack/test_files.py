"""Uploads in Slack's three steps, and pictures inside messages."""

from __future__ import annotations

from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from slack_sdk import WebClient

from sandbox.slack.driver import SlackDriver
from sandbox_slack.clients import CHANNEL, error_of

# The smallest chart: 640 × 320 pixels in the header, nothing else that anybody reads here.
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + b"\x00\x00\x00\rIHDR"
    + (640).to_bytes(4, "big")
    + (320).to_bytes(4, "big")
    + b"\x08\x02\x00\x00\x00"
)

DIRECT = build_opener(ProxyHandler({}))


def upload(client: WebClient, **fields: Any) -> str:
    answer = client.files_upload_v2(
        filename="chart.png", content=PNG, title="Before and after", alt_txt="p99 up", **fields
    )
    return str(answer["file"]["id"])


def test_an_upload_into_a_thread_appears_there_after_the_answer(slack: SlackDriver, client: WebClient) -> None:
    root = client.chat_postMessage(channel=CHANNEL, text="card")["ts"]

    file_id = upload(client, channel=CHANNEL, thread_ts=root, initial_comment="The watch")

    assert client.files_info(file=file_id)["file"]["shares"] == {}
    reply = slack.wait_for(lambda: slack.thread("ml-deploys", root)[1], what="the share")
    (file,) = reply.files
    assert (reply.plain, file["name"], file["title"], file["alt_text"]) == (
        "The watch",
        "chart.png",
        "Before and after",
        "p99 up",
    )
    assert (file["width"], file["height"], file["size"]) == (640, 320, len(PNG))
    assert slack.download(file) == PNG
    shares = client.files_info(file=file_id)["file"]["shares"]
    assert shares["public"][CHANNEL][0] == {"ts": reply.ts, "thread_ts": root}
    assert f"[chart.png {len(PNG)} bytes]" in slack.transcript()


def test_the_bot_uploads_only_where_it_is_a_member(client: WebClient) -> None:
    assert error_of(lambda: upload(client, channel="C0RANDOM")) == "not_in_channel"
    assert error_of(lambda: upload(client, channel="G0SECRET")) == "channel_not_found"


def test_a_picture_can_be_shown_once_it_has_been_processed(slack: SlackDriver, client: WebClient) -> None:
    file_id = upload(client)
    blocks = [{"type": "image", "alt_text": "p99 up", "slack_file": {"id": file_id}}]

    def post() -> str:
        return error_of(lambda: client.chat_postMessage(channel=CHANNEL, text="chart", blocks=blocks))

    assert post() == "invalid_blocks"
    slack.wait_for(lambda: client.files_info(file=file_id)["file"]["mimetype"] == "image/png", what="processing")
    assert post() == "ok"


def test_a_picture_that_does_not_exist_is_refused(client: WebClient) -> None:
    blocks = [{"type": "image", "alt_text": "x", "slack_file": {"id": "F0NOTHING0"}}]
    with pytest.raises(Exception, match="invalid slack file"):
        client.chat_postMessage(channel=CHANNEL, text="chart", blocks=blocks)


def test_an_upload_that_is_not_completed_stays_unknown(slack: SlackDriver, client: WebClient) -> None:
    promised = client.files_getUploadURLExternal(filename="chart.png", length=len(PNG))
    assert error_of(lambda: client.files_info(file=promised["file_id"])) == "file_not_found"

    def complete() -> Any:
        return client.files_completeUploadExternal(files=[{"id": promised["file_id"]}])

    assert error_of(complete) == "file_not_found"

    with pytest.raises(HTTPError) as refused:
        DIRECT.open(Request(promised["upload_url"], PNG + b"more", method="POST"))
    assert refused.value.code == 400
    refused.value.close()
    DIRECT.open(Request(promised["upload_url"], PNG, method="POST")).close()
    assert error_of(complete) == "ok"
    assert error_of(complete) == "file_not_found"
