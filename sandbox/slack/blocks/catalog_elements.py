"""Every element and composition object of Block Kit with its limits (docs.slack.dev/reference/block-kit, read for slack_sdk 3.47)."""

from __future__ import annotations

from typing import Any

from sandbox.slack.blocks.schema import (
    Report,
    Rule,
    anything,
    boolean,
    by_type,
    image_source,
    integer,
    items,
    one_of,
    pattern,
    plain,
    shape,
    slack_file,
    string,
    text,
)

ID = string(255)
STYLE = one_of("primary", "danger")

CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30), "style": STYLE},
    ["title", "text", "confirm", "deny"],
)
PLAIN_OPTION = shape({"text": plain(75), "value": string(150), "description": plain(75)}, ["text", "value"])
LINK_OPTION = shape(
    {"text": plain(75), "value": string(150), "description": plain(75), "url": string(3000)}, ["text", "value"]
)
RICH_OPTION = shape({"text": text(75), "value": string(150), "description": text(75)}, ["text", "value"])
OPTION_GROUP = shape({"label": plain(75), "options": items(PLAIN_OPTION, 1, 100)}, ["label", "options"])
DISPATCH = shape({"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})
FILTER = shape(
    {
        "include": items(one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
FEEDBACK = shape({"text": plain(75), "value": string(2000), "accessibility_label": string(75)}, ["text", "value"])


def _one_list_of_options(report: Report, element: Any, pointer: str) -> None:
    given = [name for name in ("options", "option_groups") if element.get(name) is not None]
    if len(given) != 1:
        report.add(pointer, "must have exactly one of: options, option_groups")
    for name in ("initial_option", "initial_options"):
        _initial_is_offered(report, element, pointer, name)


def _initial_is_offered(report: Report, element: Any, pointer: str, name: str) -> None:
    initial = element.get(name)
    if not initial:
        return
    groups = element.get("option_groups") or []
    offered = [*(element.get("options") or []), *(option for group in groups for option in group.get("options", []))]
    chosen = initial if isinstance(initial, list) else [initial]
    if any(option not in offered for option in chosen):
        report.add(f"{pointer}/{name}", "must be one of the options")


def _initial_options_are_offered(report: Report, element: Any, pointer: str) -> None:
    for name in ("initial_option", "initial_options"):
        _initial_is_offered(report, element, pointer, name)


def _lengths_fit(report: Report, element: Any, pointer: str) -> None:
    shortest, longest, initial = element.get("min_length"), element.get("max_length"), element.get("initial_value")
    if isinstance(shortest, int) and isinstance(longest, int) and shortest > longest:
        report.add(f"{pointer}/min_length", "must be less than or equal to max_length")
    if isinstance(initial, str) and isinstance(longest, int) and len(initial) > longest:
        report.add(f"{pointer}/initial_value", f"must be less than {longest + 1} characters")


def _element(required: tuple[str, ...] = (), also: Rule | None = None, **fields: Rule) -> Rule:
    return shape({"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean, **fields}, required, also)


def _menu(also: Rule | None = None, **fields: Rule) -> Rule:
    return _element((), also, placeholder=plain(150), **fields)


def _field(also: Rule | None = None, **fields: Rule) -> Rule:
    return shape(
        {
            "action_id": ID,
            "focus_on_load": boolean,
            "placeholder": plain(150),
            "dispatch_action_config": DISPATCH,
            **fields,
        },
        (),
        also,
    )


CHOICES = {"options": items(PLAIN_OPTION, 1, 100), "option_groups": items(OPTION_GROUP, 1, 100)}
SEVERAL = {"max_selected_items": integer(1, 1000)}
MIN_QUERY = integer(0, 1000)

ELEMENTS: dict[str, Rule] = {
    "button": shape(
        {
            "action_id": ID,
            "text": plain(75),
            "url": string(3000),
            "value": string(2000, 0),
            "style": STYLE,
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "agent_prompt": string(4000),
            "agent_prompt_display": anything,
            "visible_to_user_ids": items(string(255), 1, 100),
        },
        ["text"],
    ),
    "workflow_button": shape(
        {"action_id": ID, "text": plain(75), "workflow": anything, "style": STYLE, "accessibility_label": string(75)},
        ["text", "workflow"],
    ),
    "icon_button": shape(
        {
            "action_id": ID,
            "icon": one_of("trash"),
            "text": plain(75),
            "accessibility_label": string(75),
            "value": string(2000),
            "visible_to_user_ids": items(string(255), 1, 100),
            "confirm": CONFIRM,
        },
        ["icon", "text"],
    ),
    "feedback_buttons": shape(
        {"action_id": ID, "positive_button": FEEDBACK, "negative_button": FEEDBACK},
        ["positive_button", "negative_button"],
    ),
    "overflow": _element(("options",), options=items(LINK_OPTION, 1, 5)),
    "checkboxes": _element(
        ("options",),
        _initial_options_are_offered,
        options=items(RICH_OPTION, 1, 10),
        initial_options=items(RICH_OPTION, 1, 10),
    ),
    "radio_buttons": _element(
        ("options",), _initial_options_are_offered, options=items(RICH_OPTION, 1, 10), initial_option=RICH_OPTION
    ),
    "static_select": _menu(_one_list_of_options, **CHOICES, initial_option=PLAIN_OPTION),
    "multi_static_select": _menu(
        _one_list_of_options, **CHOICES, initial_options=items(PLAIN_OPTION, 1, 100), **SEVERAL
    ),
    "external_select": _menu(min_query_length=MIN_QUERY, initial_option=PLAIN_OPTION),
    "multi_external_select": _menu(min_query_length=MIN_QUERY, initial_options=items(PLAIN_OPTION, 1, 100), **SEVERAL),
    "users_select": _menu(initial_user=ID),
    "multi_users_select": _menu(initial_users=items(ID, 1, 100), **SEVERAL),
    "channels_select": _menu(initial_channel=ID, response_url_enabled=boolean),
    "multi_channels_select": _menu(initial_channels=items(ID, 1, 100), **SEVERAL),
    "conversations_select": _menu(
        initial_conversation=ID, default_to_current_conversation=boolean, response_url_enabled=boolean, filter=FILTER
    ),
    "multi_conversations_select": _menu(
        initial_conversations=items(ID, 1, 100), default_to_current_conversation=boolean, filter=FILTER, **SEVERAL
    ),
    "datepicker": _menu(initial_date=pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "YYYY-MM-DD")),
    "timepicker": _menu(initial_time=pattern(r"([01]\d|2[0-3]):[0-5]\d", "HH:mm"), timezone=string(255)),
    "datetimepicker": _element(initial_date_time=integer(10**9, 10**10 - 1)),
    "plain_text_input": _field(
        _lengths_fit,
        initial_value=string(3000, 0),
        multiline=boolean,
        min_length=integer(0, 3000),
        max_length=integer(1, 3000),
    ),
    "email_text_input": _field(initial_value=string(3000, 0)),
    "url_text_input": _field(initial_value=string(3000, 0)),
    "number_input": _field(
        initial_value=string(50), is_decimal_allowed=boolean, min_value=string(50), max_value=string(50)
    ),
    "rich_text_input": _field(initial_value=anything, min_lines=integer(1, 100), max_lines=integer(1, 100)),
    "file_input": shape({"action_id": ID, "filetypes": anything, "max_files": integer(1, 10)}),
    "image": shape(
        {"image_url": string(3000), "slack_file": slack_file, "alt_text": string(2000)}, ["alt_text"], image_source
    ),
}

MENUS = tuple(kind for kind in ELEMENTS if kind.endswith("_select"))
PICKERS = ("datepicker", "timepicker", "datetimepicker")
CHECKS = ("checkboxes", "radio_buttons")
TYPED = tuple(kind for kind in ELEMENTS if kind.endswith("_input"))

IN_SECTION = ("button", "workflow_button", "overflow", "image", *MENUS, "datepicker", "timepicker", *CHECKS)
IN_ACTIONS = (
    "button",
    "workflow_button",
    "overflow",
    *(menu for menu in MENUS if not menu.startswith("multi_")),
    *PICKERS,
    *CHECKS,
    "rich_text_input",
)
IN_INPUT = (*TYPED, *MENUS, *PICKERS, *CHECKS)
IN_CONTEXT_ACTIONS = ("feedback_buttons", "icon_button")


def element(*allowed: str) -> Rule:
    """One of these elements."""
    return by_type(ELEMENTS, allowed)
