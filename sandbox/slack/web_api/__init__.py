"""The Web API, one module per family of methods. Importing the families registers their methods."""

from sandbox.slack.web_api import chat, conversations, files, general, users, views

__all__ = ["chat", "conversations", "files", "general", "users", "views"]
