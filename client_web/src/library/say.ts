/** The words of `/library`. */

import { words } from "../lib/words.ts";
import { libraryEn } from "../strings/library.en.ts";
import { libraryZh } from "../strings/library.zh.ts";
import { stagesEn } from "../strings/stages.en.ts";
import { stagesZh } from "../strings/stages.zh.ts";

export const say = words({ ...libraryZh, ...stagesZh }, { ...libraryEn, ...stagesEn });
