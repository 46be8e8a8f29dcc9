/** The words of `/home`. */

import { words } from "../lib/words.ts";
import { homeEn } from "../strings/home.en.ts";
import { homeZh } from "../strings/home.zh.ts";

export const say = words(homeZh, homeEn);
