/** One message, as an article that says who wrote it and when. */

import { fragment, h, icon, plural, uniqueId } from "./dom.js";
import { blocks, messageText } from "./blocks/blocks.js";
import { messageTime, spokenTime } from "./blocks/dates.js";
import { emoji } from "./blocks/emoji.js";
import { mrkdwn } from "./blocks/mrkdwn.js";
import { menuButton } from "./menu.js";

/**
 * Draws a message.
 *
 * @param {object} message as in API.md
 * @param {import("./surface.js").Surface} surface
 * @param {object} options `isContinued`: the sender is the one of the message before; `newReplies`: how many the person has not seen;
 *   `onthread`, `onversions`: what happens when somebody opens the thread or the edits; `shortcuts`: the app's message shortcuts;
 *   `onshortcut`; `isInThread`
 */
export function messageNode(message, surface, options) {
  const sender = surface.desk.workspace.users.get(message.user);
  const head = uniqueId("message");
  const isBot = Boolean(message.bot_id);
  return h(
    "article",
    {
      class: ["message", message.ephemeral && "is-ephemeral", options.isContinued && "is-continued"]
        .filter(Boolean)
        .join(" "),
      "aria-labelledby": head,
      tabindex: "-1",
      dataset: { ts: message.ts },
    },
    avatar(sender, "message-avatar"),
    h(
      "div",
      { class: "message-main" },
      message.ephemeral && h("p", { class: "only-you" }, "Only visible to you"),
      message.command &&
        h(
          "p",
          { class: "used-command" },
          surface.names.isMe(message.command.user)
            ? "You"
            : (surface.names.user(message.command.user)?.real_name ?? "Somebody"),
          " used ",
          h("code", {}, message.command.text),
        ),
      h(
        "header",
        { id: head, class: "message-head" },
        h("strong", {}, sender?.real_name ?? message.user),
        isBot && h("span", { class: "badge" }, "App"),
        " ",
        messageTime(message.ts),
        message.edited && h("span", { class: "edited" }, "(edited)"),
      ),
      body(message, surface),
      attachments(message, surface),
      reactions(message, surface),
      !options.isInThread && replies(message, options),
    ),
    tools(message, options),
  );
}

/** A coloured square with somebody's initials; decorative, since the name stands beside it. */
export function avatar(user, look = "") {
  const node = h(
    "span",
    { class: `avatar ${look}${user?.is_bot ? " avatar-bot" : ""}`, "aria-hidden": "true" },
    user?.initials || "?",
  );
  node.style.setProperty("--person", user?.color ?? "#757575");
  return node;
}

/** A message as one line of plain words, for announcements. */
export function spoken(message, names) {
  return mrkdwn(message.text, names).textContent.replace(/\s+/g, " ").trim() || "a message without text";
}

function body(message, surface) {
  if (message.subtype === "channel_join") return h("div", { class: "text subtle" }, "joined the channel");
  if (message.blocks?.length) return h("div", { class: "blocks" }, blocks(message.blocks, surface));
  return message.text ? messageText(message.text, surface.names) : null;
}

function attachments(message, surface) {
  return fragment(
    (message.files ?? []).map((file) => {
      const name = h("p", { class: "file-name" }, file.title || file.name);
      if (!file.mimetype.startsWith("image/")) {
        return h(
          "p",
          { class: "file" },
          icon("file"),
          " ",
          h("a", { href: file.url, download: file.name }, file.title || file.name),
          ` ${kilobytes(file.size)}`,
        );
      }
      const description = file.alt_text || file.title || file.name;
      return h(
        "figure",
        {},
        name,
        h(
          "button",
          {
            type: "button",
            class: "enlarge",
            "aria-label": `Enlarge: ${description}`,
            "data-key": `file/${file.id}`,
            onclick: () => surface.enlarge(file.url, description, file.title),
          },
          h("img", { src: file.url, alt: description, class: "picture", width: file.width, height: file.height }),
        ),
      );
    }),
  );
}

function kilobytes(bytes) {
  return bytes < 1024 ? plural(bytes, "byte") : `${Math.round(bytes / 1024)} kB`;
}

function reactions(message, surface) {
  if (!message.reactions?.length) return null;
  const nameOf = (id) => surface.names.user(id)?.real_name ?? id;
  return h(
    "ul",
    { class: "reactions", "aria-label": "Reactions" },
    message.reactions.map((reaction) =>
      h(
        "li",
        { title: reaction.users.map(nameOf).join(", ") },
        emoji(reaction.name) ?? `:${reaction.name}:`,
        ` ${reaction.count}`,
      ),
    ),
  );
}

function replies(message, { newReplies, onthread }) {
  if (!message.reply_count) return null;
  const count = newReplies
    ? `${plural(message.reply_count, "reply", "replies")}, ${newReplies} new`
    : plural(message.reply_count, "reply", "replies");
  return h(
    "button",
    {
      type: "button",
      class: newReplies ? "replies has-new" : "replies",
      "data-key": "replies",
      onclick: () => onthread(message),
    },
    h("strong", {}, count),
    h("span", { class: "subtle" }, ` last at ${spokenTime(message.latest_reply)}`),
  );
}

/** What can be done with a message: answer in its thread, the app's shortcuts, look at what an edit replaced. */
function tools(message, { onthread, onshortcut, onversions, shortcuts, isInThread }) {
  if (message.ephemeral || message.subtype) return null;
  const actions = shortcuts.map((shortcut) => ({
    content: shortcut.name,
    onselect: () => onshortcut(shortcut, message),
  }));
  if (message.version > 1) actions.push({ content: "Earlier versions", onselect: () => onversions(message) });
  const reply =
    !isInThread &&
    h(
      "button",
      {
        type: "button",
        class: "button button-icon",
        "aria-label": "Reply in thread",
        title: "Reply in thread",
        "data-key": "reply",
        onclick: () => onthread(message),
      },
      icon("reply"),
    );
  const more = actions.length > 0 && menuButton("More actions", actions, { "data-key": "more" });
  return reply || more ? h("div", { class: "tools" }, reply, more) : null;
}
