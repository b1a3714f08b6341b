/** The scenarios of the AWS stand-in, told to people. */

/** Each as a person would say it, with the numbers that make the sentence true. Others keep the stand-in's own words. */
export const IN_WORDS = {
  "slower-version": { text: "The next version is 29 % slower", params: { factor: 1.29 } },
  "erroring-version": { text: "The next version fails 5 % of its requests", params: { ratio: 0.05 } },
  "insufficient-capacity": { text: "SageMaker runs out of capacity" },
  "health-check-failure": { text: "The new containers never become healthy" },
  "silent-rollback": { text: "SageMaker goes back to the old config and does not say why" },
  "update-fails": { text: "The update fails for good" },
  "update-rollback-failed": { text: "The update fails, and so does its rollback" },
  "slow-update": { text: "The update takes five times as long", params: { factor: 5 } },
  "stuck-update": { text: "The update never ends" },
  "no-traffic": { text: "Nobody calls the endpoint" },
  "opaque-update": { text: "SageMaker shows no progress of updates" },
  "config-lag": { text: "New configs are unknown for 5 s", params: { seconds: 5 } },
  "status-lag": { text: "The status lags 5 s behind", params: { seconds: 5 } },
  "metric-delay": { text: "Metrics arrive 2 min late", params: { seconds: 120 } },
  throttling: { text: "AWS throttles every second call", params: { share: 0.5 } },
  "low-quota": { text: "The instance quota falls to 0", params: { limit: 0 } },
  "not-subscribed": { text: "The Marketplace subscription is gone" },
  "system-updating": { text: "AWS maintains the endpoint for 10 s", params: { seconds: 10 } },
  "foreign-update": { text: "Somebody else starts an update in the console" },
  autoscaled: { text: "Autoscaling brings it to 3 instances", params: { count: 3 } },
  "config-deleted": { text: "Somebody deletes the config in use" },
  "model-deleted": { text: "Somebody deletes the model in use" },
};

/** When they take effect, in the order of the panel. */
export const KINDS = [
  ["update", "In the next update"],
  ["standing", "Until switched off"],
  ["event", "Right now"],
];
