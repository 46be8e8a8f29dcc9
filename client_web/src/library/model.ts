/** What the library's REST says, as docs/protocol.md has it. Times in ms on the resource's time line. */

/** [from, to) in UTF-16 code units. */
export type Mark = readonly [from: number, to: number];

export interface Spoken {
  at_ms: number;
  text: string;
  marks: readonly Mark[];
}

export interface OnSlide extends Spoken {
  image: string;
}

export interface Item {
  id: string;
  kind: string;
  title: string;
  title_marks: readonly Mark[];
  subject: string;
  grade: string;
  unit: string;
  teacher: string;
  school: string;
  day: string;
  length_ms: number;
  poster: string;
  snippet: string;
  snippet_marks: readonly Mark[];
  spoken: readonly Spoken[];
  slides: readonly OnSlide[];
}

export interface FacetValue {
  value: string;
  label: string;
  count: number;
}

export interface Found {
  total: number;
  took_ms: number;
  items: readonly Item[];
  facets: Readonly<Record<string, readonly FacetValue[]>>;
  did_you_mean: string;
  /** Very many: `total` and the counts of facets are reckoned from a sample. */
  about: boolean;
}

export interface Suggestion {
  text: string;
  kind: string;
}

export interface Track {
  name: string;
  url: string;
  media_type: string;
  width: number;
  height: number;
  offset_ms: number;
  length_ms: number;
}

export interface Slide {
  at_ms: number;
  image: string;
  text: string;
}

export interface Chapter {
  at_ms: number;
  title: string;
}

export interface Gap {
  starts_ms: number;
  ends_ms: number;
  why: string;
}

export interface Strip {
  url: string;
  columns: number;
  rows: number;
  every_ms: number;
  width: number;
  height: number;
}

export interface Captions {
  language: string;
  url: string;
  label: string;
}

export interface Clip {
  id: string;
  title: string;
  starts_ms: number;
  ends_ms: number;
}

/** Dublin Core and LOM, as an editor changes them. */
export interface Metadata {
  title: string;
  description: string;
  subject: string;
  grade: string;
  term: string;
  textbook: string;
  unit: string;
  points: readonly string[];
  form: string;
  teacher_name: string;
  day: string;
  language: string;
  rights: string;
  licence: string;
}

export interface Resource extends Metadata {
  id: string;
  kind: string;
  state: string;
  teacher: string | null;
  school: string | null;
  school_name: string;
  lesson: string | null;
  of: string | null;
  starts_ms: number;
  ends_ms: number;
  length_ms: number;
  url: string;
  note: string;
  version: number;
  /** No rule removes it for its age. */
  kept: boolean;
  may: { edit: boolean; remove: boolean; clip: boolean; comment: boolean; correct: boolean };
  place_ms: number | null;
  tracks: readonly Track[];
  poster: string;
  captions: readonly Captions[];
  download: string;
  slides: readonly Slide[];
  chapters: readonly Chapter[];
  gaps: readonly Gap[];
  strip: Strip | null;
  clips: readonly Clip[];
}

export interface Line {
  number: number;
  starts_ms: number;
  ends_ms: number;
  text: string;
  speaker: string;
  version: number;
}

export interface Transcript {
  language: string;
  model: string;
  lines: readonly Line[];
}

export interface Remark {
  id: string;
  at_ms: number;
  text: string;
  /** Who wrote it. */
  name: string;
  may_remove: boolean;
}

/** Of what is mine. `place_ms`: where I stopped. */
export interface Card {
  id: string;
  kind: string;
  state: string;
  title: string;
  subject: string;
  grade: string;
  teacher: string;
  school: string;
  day: string;
  length_ms: number;
  poster: string;
  place_ms: number | null;
}

export interface Mine {
  added: readonly Card[];
  taught: readonly Card[];
  stopped: readonly Card[];
}

export interface Stage {
  name: string;
  state: "waiting" | "running" | "done" | "failed" | "given_up";
  /** Thousandths. */
  progress: number;
  error: string;
  detail: string;
}
