import type { captionsZh } from "./captions.zh.ts";

export const captionsEn: Record<keyof typeof captionsZh, string> = {
  "captions.label": "Captions",
  "captions.on": "Show captions",
  "captions.off": "Stop captions",
  "captions.starting": "Captions are starting…",
  "captions.late": "The server cannot keep up; some words are missing",
  "captions.troubled": "No captions at the moment, trying again",
  "captions.busy": "Too many lessons have captions now; try again later.",
  "captions.none": "This server has no captions; ask its administrator.",
};
