/** The shortcodes that messages of tools use, and what Slack draws for them. */

import { h } from "../dom.js";

const EMOJI = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_down: "⬇️", arrow_left: "⬅️", arrow_right: "➡️", arrow_up: "⬆️",
  arrows_counterclockwise: "🔄", back: "🔙", ballot_box_with_check: "☑️", bangbang: "‼️", bar_chart: "📊", bell: "🔔",
  black_circle: "⚫", black_large_square: "⬛", black_square_for_stop: "⏹️", boom: "💥", bug: "🐛", bulb: "💡",
  calendar: "📆", card_index_dividers: "🗂️", chart_with_downwards_trend: "📉", chart_with_upwards_trend: "📈",
  checkered_flag: "🏁", clipboard: "📋", clock1: "🕐", clock3: "🕒", cloud: "☁️", construction: "🚧", crescent_moon: "🌙",
  double_vertical_bar: "⏸️", exclamation: "❗", eyes: "👀", fast_forward: "⏩", fire: "🔥", freezing_face: "🥶", gear: "⚙️",
  ghost: "👻", globe_with_meridians: "🌐", green_circle: "🟢", grey_question: "❔", hammer_and_wrench: "🛠️", hand: "✋",
  heart: "❤️", heavy_check_mark: "✔️", heavy_minus_sign: "➖", heavy_multiplication_x: "✖️", heavy_plus_sign: "➕",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", inbox_tray: "📥", information_source: "ℹ️", key: "🔑", label: "🏷️",
  ladder: "🪜", large_blue_circle: "🔵", large_blue_square: "🟦", large_brown_circle: "🟤", large_green_circle: "🟢",
  large_green_square: "🟩", large_orange_circle: "🟠", large_purple_circle: "🟣", large_red_square: "🟥",
  large_yellow_circle: "🟡", large_yellow_square: "🟨", left_right_arrow: "↔️", leftwards_arrow_with_hook: "↩️",
  link: "🔗", lock: "🔒", mag: "🔍", mega: "📣", memo: "📝", money_with_wings: "💸", moneybag: "💰", moon: "🌔",
  no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", ok: "🆗", ok_hand: "👌", orange_circle: "🟠", outbox_tray: "📤",
  package: "📦", page_facing_up: "📄", pause_button: "⏸️", point_right: "👉", pray: "🙏", pushpin: "📌", question: "❓",
  raised_hand: "✋", raised_hands: "🙌", recycle: "♻️", red_circle: "🔴", repeat: "🔁", rewind: "⏪", robot_face: "🤖",
  rocket: "🚀", rotating_light: "🚨", scales: "⚖️", scroll: "📜", shield: "🛡️", shrug: "🤷", sleeping: "😴", slightly_smiling_face: "🙂",
  small_blue_diamond: "🔹", small_orange_diamond: "🔸", small_red_triangle: "🔺", small_red_triangle_down: "🔻",
  snail: "🐌", snowflake: "❄️", sos: "🆘", sparkles: "✨", speech_balloon: "💬", star: "⭐", stop_sign: "🛑", stopwatch: "⏱️",
  sunny: "☀️", tada: "🎉", test_tube: "🧪", thinking_face: "🤔", thumbsdown: "👎", thumbsup: "👍", thread: "🧵",
  timer_clock: "⏲️", traffic_light: "🚥", turtle: "🐢", unlock: "🔓", vertical_traffic_light: "🚦", warning: "⚠️", wastebasket: "🗑️",
  wave: "👋", white_check_mark: "✅", white_circle: "⚪", white_large_square: "⬜", wrench: "🔧", x: "❌", yellow_circle: "🟡",
  zap: "⚡", zzz: "💤",
};

/** Matches one shortcode at the start of a string. */
export const SHORTCODE = /^:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/;

/** The picture of a shortcode's name with its name for screen readers, or null if this page does not know it. */
export function emoji(name) {
  const character = EMOJI[name];
  return character ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, character) : null;
}
