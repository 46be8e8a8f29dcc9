import type { recordingZh } from "./recording.zh.ts";

export const recordingEn: Record<keyof typeof recordingZh, string> = {
  "recording.recording": "Recording",
  "recording.paused": "Recording paused",
  "recording.troubled": "Recording interrupted, recovering",
  "recording.off": "Not recorded",
  "recording.outHere": "This classroom is left out",
  "recording.title": "Recording",
  "recording.say": "Everybody sees whether the lesson is recorded; each change is on the log.",
  "recording.pause": "Pause recording",
  "recording.resume": "Go on recording",
  "recording.stop": "Stop recording",
  "recording.start": "Start recording",
  "recording.classrooms": "A classroom is recorded while it is called. What is not ticked is left out.",
  "recording.asking": "Telling the server…",
  "recording.notObeyed": "The recording is not as you ordered; what is shown is what holds. {why}",
  "recording.close": "Close",
};
