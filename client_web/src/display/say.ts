/** The display's own words. */

import { words } from "../lib/words.ts";
import { en } from "../strings/display.en.ts";
import { zh } from "../strings/display.zh.ts";

export type { DisplayKey } from "../strings/display.zh.ts";
export const say = words(zh, en);
