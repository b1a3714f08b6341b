/** The scenarios of the AWS stand-in, told to people. */

/** Each as a person would say it, with the numbers that make the sentence true. Others keep the stand-in's own words. */
export const IN_WORDS = {
  "slower-version": { text: "The next version is 29 % slower", params: { factor: 1.29 } },
  "slower-tail": { text: "The slowest 5 % of the next version take twice as long", params: { factor: 2 } },
  "unsteady-version": { text: "The next version is slow and fast by turns", params: { swing: 0.3, seconds: 1 } },
  "slowing-version": { text: "The next version becomes slower within 20 s", params: { factor: 1.5, seconds: 20 } },
  "slower-cold-starts": { text: "The next version's cold starts take twice as long", params: { factor: 2 } },
  "erroring-version": { text: "The next version fails 5 % of its requests", params: { ratio: 0.05 } },
  "insufficient-capacity": { text: "SageMaker runs out of capacity" },
  "health-check-failure": { text: "The new containers never become healthy" },
  "silent-rollback": { text: "SageMaker goes back to the old config and does not say why" },
  "update-fails": { text: "The update fails for good" },
  "update-rollback-failed": { text: "The update fails, and so does its rollback" },
  "slow-update": { text: "The update takes five times as long", params: { factor: 5 } },
  "stuck-update": { text: "The update never ends" },
  "no-traffic": { text: "Nobody calls the endpoint" },
  "load-shift": { text: "The endpoint is called twice as often", params: { factor: 2 } },
  "client-errors": { text: "Callers send wrong requests: 20 % more 4xx", params: { ratio: 0.2 } },
  "no-config-metrics": { text: "CloudWatch does not tell configs apart" },
  "alarm-rings": { text: "Every alarm that people made goes off" },
  "opaque-update": { text: "SageMaker shows no progress of updates" },
  "config-lag": { text: "New configs are unknown for 5 s", params: { seconds: 5 } },
  "status-lag": { text: "The status lags 5 s behind", params: { seconds: 5 } },
  "metric-delay": { text: "Metrics arrive 2 min late", params: { seconds: 120 } },
  throttling: { text: "AWS throttles every second call", params: { share: 0.5 } },
  "low-quota": { text: "The instance quota falls to 0", params: { limit: 0 } },
  "not-subscribed": { text: "The Marketplace subscription is gone" },
  "error-burst": { text: "7 requests of the next 10 s fail", params: { errors: 7, seconds: 10 } },
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
