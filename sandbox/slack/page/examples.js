/** What a newcomer may try, one click away from being typed. */

/** In a channel or direct messages. */
export const COMMANDS = [
  { text: "/endpoint help", what: "What there is" },
  { text: "/endpoint status", what: "Every endpoint at a glance" },
  { text: "/endpoint plan stt-prod", what: "What an update would change" },
  { text: "/endpoint promote stt-prod", what: "Plan the next version and ask for approval" },
  { text: "/endpoint rollback stt-prod", what: "Back to the last good version" },
];

/** In a thread, where Slack has no slash commands. */
export const MENTIONS = [
  { text: "@endpoint-bot status", what: "Where this stands" },
  { text: "@endpoint-bot cancel", what: "Stop before the update starts" },
  { text: "@endpoint-bot rollback", what: "Back to the version before" },
];
