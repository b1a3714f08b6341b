/**
 * The shortcodes that messages of tools use, and what is drawn for them. What says how something stands is drawn by this page
 * itself, because not every machine has a font with emoji; everything else is the character.
 */

import { h, shape } from "../dom.js";

const RED = "#c9302c";
const ORANGE = "#c96a00";
const YELLOW = "#e0a800";
const GREEN = "#2c8a43";
const BLUE = "#2f6fc1";
const GREY = "#7d8784";
const CIRCLE = "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13z";
const SQUARE = "M3.5 1.5h9a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2z";
const TRIANGLE = "M8 1.2 15.4 14.4H.6z";
const TICK = "m4.5 8.3 2.4 2.5 4.6-5.4";
const CROSS = "m5 5 6 6m0-6-6 6";
const CALL = "M8 5.6v4M8 12h.01";

/** Name → colour and outline of the ground, and the line drawn on it. */
const DRAWN = {
  white_check_mark: [GREEN, SQUARE, TICK],
  heavy_check_mark: [GREEN, CIRCLE, TICK],
  ballot_box_with_check: [BLUE, SQUARE, TICK],
  x: [RED, CIRCLE, CROSS],
  heavy_multiplication_x: [GREY, SQUARE, CROSS],
  negative_squared_cross_mark: [GREEN, SQUARE, CROSS],
  warning: [YELLOW, TRIANGLE, CALL],
  rotating_light: [RED, TRIANGLE, CALL],
  exclamation: [RED, CIRCLE, "M8 4.4v4.4M8 11.4h.01"],
  no_entry: [RED, CIRCLE, "M4.6 8h6.8"],
  no_entry_sign: [RED, CIRCLE, "m4 4 8 8"],
  octagonal_sign: [RED, SQUARE, "M4.6 8h6.8"],
  information_source: [BLUE, SQUARE, "M8 7.4v4.2M8 4.6h.01"],
  question: [RED, CIRCLE, "M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.1M8 11.6h.01"],
  hourglass_flowing_sand: [ORANGE, CIRCLE, "M8 4.4V8l2.4 1.8"],
  hourglass: [ORANGE, CIRCLE, "M8 4.4V8l2.4 1.8"],
  stopwatch: [GREY, CIRCLE, "M8 4.4V8l2.4 1.8"],
  arrows_counterclockwise: [
    BLUE,
    SQUARE,
    "M4.6 8a3.4 3.4 0 0 1 6-2.2M11.4 8a3.4 3.4 0 0 1-6 2.2M10.8 3.6v2.4H8.4M5.2 12.4V10h2.4",
  ],
  leftwards_arrow_with_hook: [BLUE, SQUARE, "M6.6 4.8 4 7.4 6.6 10M4 7.4h5a2.6 2.6 0 0 1 0 5.2"],
  rewind: [BLUE, SQUARE, "M8 4.6 4.6 8 8 11.4m3.6-6.8L8.2 8l3.4 3.4"],
  red_circle: [RED, CIRCLE],
  large_orange_circle: [ORANGE, CIRCLE],
  orange_circle: [ORANGE, CIRCLE],
  large_yellow_circle: [YELLOW, CIRCLE],
  yellow_circle: [YELLOW, CIRCLE],
  large_green_circle: [GREEN, CIRCLE],
  green_circle: [GREEN, CIRCLE],
  large_blue_circle: [BLUE, CIRCLE],
  white_circle: [GREY, "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zm0 2a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z"],
  black_circle: ["#2b302f", CIRCLE],
  large_red_square: [RED, SQUARE],
  large_yellow_square: [YELLOW, SQUARE],
  large_green_square: [GREEN, SQUARE],
  large_blue_square: [BLUE, SQUARE],
};

const EMOJI = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_down: "⬇️", arrow_left: "⬅️", arrow_right: "➡️", arrow_up: "⬆️",
  back: "🔙", bangbang: "‼️", bar_chart: "📊", bell: "🔔", black_large_square: "⬛", black_square_for_stop: "⏹️",
  boom: "💥", bug: "🐛", bulb: "💡", calendar: "📆", card_index_dividers: "🗂️", chart_with_downwards_trend: "📉",
  chart_with_upwards_trend: "📈", checkered_flag: "🏁", clipboard: "📋", clock1: "🕐", clock3: "🕒", cloud: "☁️",
  construction: "🚧", crescent_moon: "🌙", double_vertical_bar: "⏸️", eyes: "👀", fast_forward: "⏩", fire: "🔥",
  freezing_face: "🥶", gear: "⚙️", ghost: "👻", globe_with_meridians: "🌐", grey_question: "❔", hammer_and_wrench: "🛠️",
  hand: "✋", heart: "❤️", heavy_minus_sign: "➖", heavy_plus_sign: "➕", inbox_tray: "📥", key: "🔑", label: "🏷️",
  ladder: "🪜", large_brown_circle: "🟤", large_purple_circle: "🟣", left_right_arrow: "↔️", link: "🔗", lock: "🔒",
  mag: "🔍", mega: "📣", memo: "📝", money_with_wings: "💸", moneybag: "💰", moon: "🌔", ok: "🆗", ok_hand: "👌",
  outbox_tray: "📤", package: "📦", page_facing_up: "📄", pause_button: "⏸️", point_right: "👉", pray: "🙏", pushpin: "📌",
  raised_hand: "✋", raised_hands: "🙌", recycle: "♻️", repeat: "🔁", robot_face: "🤖", rocket: "🚀", scales: "⚖️",
  scroll: "📜", shield: "🛡️", shrug: "🤷", sleeping: "😴", slightly_smiling_face: "🙂", small_blue_diamond: "🔹",
  small_orange_diamond: "🔸", small_red_triangle: "🔺", small_red_triangle_down: "🔻", snail: "🐌", snowflake: "❄️",
  sos: "🆘", sparkles: "✨", speech_balloon: "💬", star: "⭐", stop_sign: "🛑", sunny: "☀️", tada: "🎉", test_tube: "🧪",
  thinking_face: "🤔", thumbsdown: "👎", thumbsup: "👍", thread: "🧵", timer_clock: "⏲️", traffic_light: "🚥",
  turtle: "🐢", unlock: "🔓", vertical_traffic_light: "🚦", wastebasket: "🗑️", wave: "👋", white_large_square: "⬜",
  wrench: "🔧", zap: "⚡", zzz: "💤",
};

/** Matches one shortcode at the start of a string. */
export const SHORTCODE = /^:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/;

/** The picture of a shortcode's name with its name for screen readers, or null if this page does not know it. */
export function emoji(name) {
  const attributes = { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` };
  if (DRAWN[name]) return h("span", attributes, drawing(...DRAWN[name]));
  const character = EMOJI[name];
  return character ? h("span", attributes, character) : null;
}

function drawing(colour, ground, line) {
  const onGround = colour === YELLOW ? "#2b2000" : "#fff";
  return shape(
    "emoji-drawn",
    { d: ground, fill: colour, "fill-rule": "evenodd" },
    line && { d: line, stroke: onGround, fill: "none" },
  );
}
