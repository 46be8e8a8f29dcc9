/** The words of `/admin`. */

import { words } from "../lib/words.ts";
import { adminEn } from "../strings/admin.en.ts";
import { adminZh } from "../strings/admin.zh.ts";
import { recordsEn } from "../strings/records.en.ts";
import { recordsZh } from "../strings/records.zh.ts";
import { workEn } from "../strings/work.en.ts";
import { workZh } from "../strings/work.zh.ts";

export const say = words({ ...adminZh, ...recordsZh, ...workZh }, { ...adminEn, ...recordsEn, ...workEn });
