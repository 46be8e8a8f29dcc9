/** The words of `/lesson`. */

import { words } from "../lib/words.ts";
import { homeEn } from "../strings/home.en.ts";
import { homeZh } from "../strings/home.zh.ts";
import { lessonEn } from "../strings/lesson.en.ts";
import { lessonZh } from "../strings/lesson.zh.ts";

/** With those of readiness, which `/home` has too. */
export const say = words({ ...homeZh, ...lessonZh }, { ...homeEn, ...lessonEn });
