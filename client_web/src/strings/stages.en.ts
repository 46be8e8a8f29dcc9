/** As `stages.zh.ts`. */

import type { stagesZh } from "./stages.zh.ts";

export const stagesEn: Record<keyof typeof stagesZh, string> = {
  "stage.finalise": "Recording made playable",
  "stage.ingest": "File converted",
  "stage.extract": "Text extracted",
  "stage.pictures": "Pictures taken",
  "stage.transcript": "Speech written down",
  "stage.chapters": "Chapters found",
  "stage.publish": "Published",
  "stage.index": "Made searchable",
};
