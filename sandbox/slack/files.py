"""Uploaded files, in Slack's three steps: a promise (files.getUploadURLExternal), the bytes, and the sharing."""

from __future__ import annotations

import mimetypes
import secrets
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.people import BOT_USER_ID
from sandbox.slack.stream import Stream

PROCESSING_SECONDS = 0.3
"""Between the end of an upload and the moment at which an image block may show the file."""
SHARING_SECONDS = 0.2
"""Between the answer of files.completeUploadExternal and the message that shows the file (python-slack-sdk issue 1277)."""
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass
class File:
    """A file, from the promise on; `content` is None until the bytes arrived."""

    id: str
    name: str
    length: int
    alt_text: str = ""
    title: str = ""
    content: bytes | None = None
    completed_at: float | None = None
    """When the upload was completed, in seconds of the monotonic clock."""
    created: int = field(default_factory=lambda: int(time.time()))
    shares: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Where it was shown: channel, message ts, thread ts."""

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None

    @property
    def is_processed(self) -> bool:
        return self.completed_at is not None and time.monotonic() >= self.completed_at + PROCESSING_SECONDS

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    def size_in_pixels(self) -> tuple[int, int] | None:
        """Width and height of a PNG; None for anything else."""
        if self.content and self.content.startswith(PNG_SIGNATURE) and len(self.content) >= 24:
            width, height = struct.unpack(">II", self.content[16:24])
            return width, height
        return None

    def to_page(self) -> dict[str, Any]:
        """The File object of API.md."""
        width, height = self.size_in_pixels() or (None, None)
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "size": len(self.content or b""),
            "url": f"/files/{self.id}/{self.name}",
            "alt_text": self.alt_text,
            "user": BOT_USER_ID,
            "created": self.created,
            "width": width,
            "height": height,
        }

    def to_api(self, base_url: str) -> dict[str, Any]:
        """The file object of files.info."""
        shown = self.to_page()
        address = f"{base_url}{shown.pop('url')}"
        pixels = {"original_w": shown.pop("width"), "original_h": shown.pop("height")}
        api: dict[str, Any] = {
            **shown,
            "timestamp": self.created,
            "filetype": self.name.rpartition(".")[2],
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "url_private": address,
            "url_private_download": address,
            "permalink": address,
            "channels": [channel for channel, _, _ in self.shares if channel.startswith("C")],
            "groups": [channel for channel, _, _ in self.shares if channel.startswith("G")],
            "ims": [channel for channel, _, _ in self.shares if channel.startswith("D")],
            "shares": self._shares(),
        }
        if not self.is_processed:
            api["mimetype"] = ""
        elif pixels["original_w"]:
            api |= {**pixels, "thumb_360": address}
        return api

    def _shares(self) -> dict[str, Any]:
        shares: dict[str, Any] = {}
        for channel, ts, thread_ts in self.shares:
            family = "private" if channel.startswith(("G", "D")) else "public"
            entry = {"ts": ts, "thread_ts": thread_ts} if thread_ts else {"ts": ts}
            shares.setdefault(family, {}).setdefault(channel, []).append(entry)
        return shares


class Files:
    """Every file of the workspace, by id."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.reset()

    def reset(self) -> None:
        self.by_id: dict[str, File] = {}

    def promise(self, name: str, length: int, alt_text: str) -> File:
        """Reserves an id for bytes that will come."""
        file = File(f"F0{secrets.token_hex(4).upper()}", name, length, alt_text)
        self.by_id[file.id] = file
        return file

    def complete(self, file: File, title: str) -> None:
        """Makes an uploaded file known to the workspace."""
        file.title = title
        file.completed_at = time.monotonic()
        self._stream.publish({"type": "file_added", "file": file.to_page()})

    def usable(self, reference: dict[str, Any]) -> File | None:
        """The file that a `slack_file` object (by id or url) points at, once it has been processed."""
        for file in self.by_id.values():
            address = str(reference.get("url", ""))
            if file.is_processed and (
                file.id == reference.get("id") or address.endswith(f"/files/{file.id}/{file.name}")
            ):
                return file
        return None
