"""The base of every value that is stored or sent: immutable, strict about unknown fields, JSON in and out."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; equality is by content, and `model_copy(update=…)` makes the changed one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
