"""Block Kit as far as the stand-in must understand it: finding elements, reading texts, refusing what Slack refuses."""
