/** The words of the timetable. */

import { words } from "../lib/words.ts";
import { timetableEn } from "../strings/timetable.en.ts";
import { timetableZh } from "../strings/timetable.zh.ts";

export type { TimetableKey } from "../strings/timetable.zh.ts";

export const w = words(timetableZh, timetableEn);
