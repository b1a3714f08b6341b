/** Blocks of figures: `table`, `data_table` and `data_visualization` (as the table that a screen reader gets of it). */

import { h } from "../dom.js";
import { plainText } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/** A `table` or `data_table` block. The first row is the header, as Slack draws it. */
export function table(block, names) {
  const settings = block.column_settings ?? [];
  const [head = [], ...body] = block.rows ?? [];
  const style = (index) => {
    const { align = "left", is_wrapped: isWrapped = false } = settings[index] ?? {};
    return `align-${align}${isWrapped ? " wrapped" : ""}`;
  };
  const row = (cells, tag) =>
    h(
      "tr",
      {},
      cells.map((each, index) =>
        h(tag, { class: style(index), scope: tag === "th" ? "col" : null }, cell(each, names)),
      ),
    );
  return scrolling(
    block.caption?.text ?? block.caption ?? "Table",
    h(
      "table",
      {},
      block.caption && h("caption", {}, block.caption.text ?? block.caption),
      h("thead", {}, row(head, "th")),
      h(
        "tbody",
        {},
        body.map((each) => row(each, "td")),
      ),
    ),
  );
}

function cell(each, names) {
  if (each?.type === "rich_text") return richText(each, names);
  if (each?.type === "raw_number") return String(each.text ?? each.value ?? "");
  return plainText(each?.text ?? "");
}

/** A `data_visualization` block: its numbers, with the title that Slack draws above the chart. */
export function figures(block) {
  const { chart = {}, title = "Chart" } = block;
  const heading = title.text ?? title;
  if (chart.type === "pie") {
    const rows = (chart.segments ?? []).map((segment) =>
      h("tr", {}, h("th", { scope: "row" }, segment.label), h("td", { class: "align-right" }, String(segment.value))),
    );
    return scrolling(heading, h("table", {}, h("caption", {}, heading), h("tbody", {}, rows)));
  }
  const categories = chart.axis_config?.categories ?? [];
  const series = chart.series ?? [];
  const value = (one, category) => one.data?.find((point) => point.label === category)?.value ?? "";
  return scrolling(
    heading,
    h(
      "table",
      {},
      h("caption", {}, heading),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, chart.axis_config?.x_label ?? ""),
          series.map((one) => h("th", { scope: "col" }, one.name)),
        ),
      ),
      h(
        "tbody",
        {},
        categories.map((category) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, category),
            series.map((one) => h("td", { class: "align-right" }, String(value(one, category)))),
          ),
        ),
      ),
    ),
  );
}

/** Wide tables scroll inside the message; the region can be reached and scrolled by keyboard. */
function scrolling(label, node) {
  return h("div", { class: "table-scroll", role: "region", tabindex: "0", "aria-label": label }, node);
}
