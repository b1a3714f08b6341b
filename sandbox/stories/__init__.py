"""Stories: the main job and its failures, driven without a browser through the same processes, told as transcripts."""

from sandbox.stories.scene import CHANNEL, Scene, Story
from sandbox.stories.telling import STORIES, STORY_WATCH, run_story

__all__ = ["CHANNEL", "STORIES", "STORY_WATCH", "Scene", "Story", "run_story"]
