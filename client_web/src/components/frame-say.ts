/** The words of the frame and of the parts that pages share. */

import { words } from "../lib/words.ts";
import { frameEn } from "../strings/frame.en.ts";
import { frameZh } from "../strings/frame.zh.ts";

export const frameSay = words(frameZh, frameEn);

/** `role` as the database has it; one that we do not know is better than none. */
export function roleName(role: string): string {
  return frameSay.maybe(`role.${role}`) ?? role;
}
