/** The words of `/library`. */

import { words } from "../lib/words.ts";
import { libraryEn } from "../strings/library.en.ts";
import { libraryZh } from "../strings/library.zh.ts";

export const say = words(libraryZh, libraryEn);
