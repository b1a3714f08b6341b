"""From what a person does to what the app receives, and from the app's acknowledgement to what the person sees."""
