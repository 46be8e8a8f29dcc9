/** The studio's words about booked lessons. */

import { words } from "../lib/words.ts";
import { en } from "../strings/duties.en.ts";
import { zh } from "../strings/duties.zh.ts";

export type { DutyKey } from "../strings/duties.zh.ts";
export const say = words(zh, en);
