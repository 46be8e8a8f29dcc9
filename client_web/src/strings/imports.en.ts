import type { importsZh } from "./imports.zh.ts";

/** A file is imported: what is asked, how far it is, what became of its rows. */
export const importsEn: Record<keyof typeof importsZh, string> = {
  "import.drop": "Drop a file here",
  "import.choose": "or click to choose one",
  "import.skip": "Skip rows that are refused",
  "import.skipHint": "Otherwise nothing is written when a single row is refused.",
  "import.needsZip": "A roster is a .zip file; choose one.",
  "import.needsCsv": "Choose a .csv file; a spreadsheet saves one as CSV UTF-8.",
  "import.steps": "{n} of {of}",
  "import.refused": "Rows were refused, and nothing was written. Correct them and import again, or skip them.",
  "import.done": "The import is done.",
  "import.file": "File",
  "import.rows": "Refused rows ({n})",
  "import.row": "{file} row {row}",
  "import.csv": "Download as a table",
  "import.more": "{n} more are not listed.",
  "stage.upload": "Sending…",
  "stage.waiting": "Waiting for another import…",
  "stage.read": "Reading…",
  "stage.compare": "Comparing…",
  "stage.write": "Writing…",
  "count.created": "created",
  "count.changed": "changed",
  "count.unchanged": "unchanged",
  "count.skipped": "skipped",
  "count.refused": "refused",
};
