/** The earlier versions of a message, for those who want to see how a card came to say what it says. */

import { h } from "./dom.js";
import { blocks, messageText } from "./blocks/blocks.js";
import { spokenTime } from "./blocks/dates.js";
import { openDialog } from "./dialogs.js";
import { Surface } from "./surface.js";

/** Opens a list of every version, newest first; nothing in it can be pressed. */
export async function showVersions(desk, message) {
  const { versions } = await desk.person.history(message.channel, message.ts);
  const surface = new Surface(desk, {}, {});
  const items = versions.map((version, index) =>
    h(
      "li",
      {},
      h(
        "p",
        { class: "subtle" },
        version.edited ? `Version ${index + 1}, ${spokenTime(version.edited.ts)}` : `Version ${index + 1}`,
      ),
      h(
        "div",
        { class: "blocks", inert: true },
        version.blocks?.length ? blocks(version.blocks, surface) : messageText(version.text, surface.names),
      ),
    ),
  );
  openDialog("Versions of this message", h("ol", { class: "versions" }, items.reverse()), { look: "wide" });
}
