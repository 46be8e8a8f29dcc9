/** Captions and what else stands on the time line. Pure; ms. */

export interface Cue {
  starts: number;
  ends: number;
  text: string;
}

const TIMES = /^(?:(\d+):)?(\d{2}):(\d{2})\.(\d{3})[ \t]+-->[ \t]+(?:(\d+):)?(\d{2}):(\d{2})\.(\d{3})/;
const ENTITIES: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "", "&rlm;": "" };

/** WebVTT (W3C, §4) as far as its texts and times go; a block that is none of it is left out. */
export function parseVtt(text: string): Cue[] {
  const blocks = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n").split(/\n{2,}/);
  if (!blocks[0]?.startsWith("WEBVTT")) return [];
  const cues: Cue[] = [];
  for (const block of blocks.slice(1)) {
    const lines = block.split("\n").filter(Boolean);
    const at = lines.findIndex((line) => line.includes("-->"));
    const found = TIMES.exec(lines[at] ?? "");
    if (!found || at > 1) continue;
    const ms = (from: number): number => ((Number(found[from] ?? 0) * 60 + Number(found[from + 1])) * 60 + Number(found[from + 2])) * 1000 + Number(found[from + 3]);
    const said = lines
      .slice(at + 1)
      .join("\n")
      .replace(/<[^>]*>/g, "")
      .replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);
    if (said && ms(5) > ms(1)) cues.push({ starts: ms(1), ends: ms(5), text: said });
  }
  return cues.sort((one, other) => one.starts - other.starts);
}

/** Of a sorted list the last that has begun; -1 before the first. */
export function lastBegun<T>(list: readonly T[], at_ms: number, begins: (it: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (begins(list[middle]!) <= at_ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function cueAt(cues: readonly Cue[], at_ms: number): string {
  const cue = cues[lastBegun(cues, at_ms, (it) => it.starts)];
  return cue && at_ms < cue.ends ? cue.text : "";
}

/** Which picture of the strip's sheet; the last one stands for all that follows. */
export function pictureAt(strip: { columns: number; rows: number; every_ms: number }, at_ms: number): { column: number; row: number } {
  const number = Math.min(strip.columns * strip.rows - 1, Math.max(0, Math.floor(at_ms / strip.every_ms)));
  return { column: number % strip.columns, row: Math.floor(number / strip.columns) };
}
