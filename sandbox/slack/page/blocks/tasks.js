/** `plan` and `task_card`: the steps of something that is going on. State is said in words, not only by colour. */

import { h, icon, link } from "../dom.js";
import { plainText } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const STATUS_WORDS = { pending: "to do", in_progress: "in progress", complete: "done", error: "failed" };

/** A `plan` block: a titled list of tasks. */
export function planBlock(block, names) {
  const title = block.title?.text ?? block.title ?? "Plan";
  return h(
    "div",
    { class: "plan" },
    h("p", {}, h("strong", {}, plainText(title))),
    h(
      "ol",
      { class: "tasks" },
      (block.tasks ?? []).map((task) => h("li", {}, taskCard(task, names))),
    ),
  );
}

/** One `task_card`. */
export function taskCard(task, names) {
  const status = task.status ?? "pending";
  const mark = { complete: icon("done"), error: icon("failed") }[status];
  const details = [task.details, task.output].filter(Boolean);
  return h(
    "div",
    { class: `task task-${status}` },
    h("span", { class: "task-mark" }, mark),
    h(
      "div",
      {},
      h(
        "p",
        {},
        plainText(task.title?.text ?? task.title ?? ""),
        h("span", { class: "task-status" }, ` ${STATUS_WORDS[status] ?? status}`),
      ),
      details.map((each) => (typeof each === "string" ? h("p", { class: "hint" }, each) : richText(each, names))),
      task.sources &&
        h(
          "p",
          { class: "hint" },
          task.sources.map((source, index) => [index ? ", " : "", link(source.url, source.text ?? source.url)]),
        ),
    ),
  );
}
