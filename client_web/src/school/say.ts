/** The words of `/school`. */

import { words } from "../lib/words.ts";
import { schoolEn } from "../strings/school.en.ts";
import { schoolZh } from "../strings/school.zh.ts";

export const say = words(schoolZh, schoolEn);
