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
  "error.crashed": "The program that did it crashed.",
  "error.too_slow": "It took too long and was ended.",
  "error.out_of_memory": "There was not enough memory.",
  "error.broke": "The program that did it failed; give the log to whoever looks after the server.",
  "error.worker_lost": "Its worker died again and again.",
  "error.no_process": "No process could be started.",
  "error.no_program": "This version cannot do this step; upgrade it.",
  "error.no_model": "There is no speech model; it is done when there is one.",
  "error.no_recording": "The recording's files are not there; check the directory of recordings.",
  "error.bad_manifest": "The list of the recording's files is damaged.",
  "error.bad_media": "The file cannot be played; upload another.",
  "error.bad_document": "The document is damaged; upload another.",
  "error.too_hard": "The document is too hard to read; print it to PDF anew and upload that.",
  "error.unknown_type": "Files of this kind are not taken; upload another.",
  "error.no_upload": "The uploaded file is gone; upload it again.",
  "error.file_missing": "A file is missing from the store; check it.",
  "error.disk_full": "The disk is full; make some space.",
  "error.store_unavailable": "The store of files does not answer; check it.",
  "error.index_busy": "The index is busy; it is tried again.",
  "error.index_missing": "The index is being made again; it is tried again.",
};
