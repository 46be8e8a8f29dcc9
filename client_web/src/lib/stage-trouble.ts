/** Why a stage of the work after the bell failed, to whoever reads of it: its code in her language, else the server's own sentence. */

import { lang } from "./i18n.ts";
import { words } from "./words.ts";
import { stagesEn } from "../strings/stages.en.ts";
import { stagesZh } from "../strings/stages.zh.ts";

const say = words(stagesZh, stagesEn);

/** The server's sentence is English, and says more than ours. */
export function stageTrouble({ error, detail }: { error: string; detail: string }): string {
  const ours = say.maybe(`error.${error}`);
  return lang() === "en" ? detail || (ours ?? error) : (ours ?? (detail || error));
}
