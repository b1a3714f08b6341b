"""files.*: the three steps of an upload, and what is known about a file."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import problems_in
from sandbox.slack.errors import SlackError
from sandbox.slack.files import SHARING_SECONDS, File
from sandbox.slack.people import BOT_USER_ID, Channel
from sandbox.slack.web_api.content import described
from sandbox.slack.web_api.registry import Call, Json, method
from sandbox.slack.world import World

LARGEST_BYTES = 1_000_000_000


@method("files.getUploadURLExternal")
def get_upload_url(call: Call) -> Json:
    name = call.text("filename")
    length = call.number("length", 0)
    if not name or length <= 0:
        missing = "filename" if not name else "length"
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {missing}"]}
        )
    if length > LARGEST_BYTES:
        raise SlackError("file_upload_size_restricted")
    file = call.world.files.promise(name, length, call.text("alt_txt") or call.text("alt_text"))
    return {"upload_url": f"{call.world.options.base_url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal")
def complete_upload(call: Call) -> Json:
    entries = call.json("files", malformed="invalid_arguments")
    if not isinstance(entries, list) or not entries:
        raise SlackError("invalid_arguments")
    files = [_uploaded(call, entry) for entry in entries]
    channel = None
    if call.text("channel_id"):
        channel = Call(call.world, call.method, {"channel": call.text("channel_id")}).channel()
    thread_ts = call.text("thread_ts") or None
    if channel and thread_ts and call.world.workspace.find(channel.id, thread_ts) is None:
        raise SlackError("invalid_thread_ts")
    comment = call.text("initial_comment")
    blocks = None if comment else call.json("blocks", malformed="invalid_blocks_format")
    problems = problems_in(blocks, MESSAGE, call.world.files) if blocks else []
    if problems:
        raise SlackError("invalid_blocks", **described(problems))
    for file, entry in zip(files, entries, strict=True):
        call.world.files.complete(file, str(entry.get("title") or file.name))
    if channel:
        call.world.courier.in_background(
            _share(call.world, files, channel, comment, blocks=blocks, thread_ts=thread_ts)
        )
    return {"files": [file.to_api(call.world.options.base_url) for file in files]}


@method("files.info")
def info(call: Call) -> Json:
    file = call.world.files.by_id.get(call.text("file"))
    if file is None or not file.is_complete:
        raise SlackError("file_not_found")
    return {"file": file.to_api(call.world.options.base_url), "comments": [], "response_metadata": {"next_cursor": ""}}


async def receive_upload(world: World, request: web.Request) -> web.Response:
    """The second step: the bytes, raw or as a multipart form. Slack does not ask for a token here."""
    file = world.files.by_id.get(request.match_info["file_id"])
    if file is None or file.is_complete:
        return web.Response(status=404, text="not found")
    content = await _bytes_of(request)
    if len(content) != file.length:
        return web.Response(status=400, text=f"expected {file.length} bytes, got {len(content)}")
    file.content = content
    return web.Response(text=f"OK - {len(content)}")


async def _share(world: World, files: list[File], channel: Channel, comment: str, **fields: Any) -> None:
    """Posts the message that shows the files, later than the call's answer: other messages may overtake it."""
    await asyncio.sleep(SHARING_SECONDS)
    shown = [file.to_page() for file in files]
    message = world.workspace.post(channel.id, BOT_USER_ID, comment, files=shown, **fields)
    for file in files:
        file.shares.append((channel.id, message.ts, message.thread_ts))


def _uploaded(call: Call, entry: Json) -> File:
    file = call.world.files.by_id.get(str(entry.get("id"))) if isinstance(entry, dict) else None
    if file is None or file.content is None or file.is_complete:
        raise SlackError("file_not_found")
    return file


async def _bytes_of(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.filename:
            return bytes(await part.read())
    return b""
