/** The words of `/ledger`. */

import { words } from "../lib/words.ts";
import { ledgerEn } from "../strings/ledger.en.ts";
import { ledgerZh } from "../strings/ledger.zh.ts";

export const say = words(ledgerZh, ledgerEn);
