import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { en as displayEn } from "../src/strings/display.en.ts";
import { zh as displayZh } from "../src/strings/display.zh.ts";

const SRC = join(import.meta.dirname, "../src");
const PAIRS: Record<string, [Record<string, string>, Record<string, string>]> = { display: [displayZh, displayEn] };

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("strings"))
  .map((file) => readFileSync(join(SRC, file), "utf8"))
  .join("\n");
const patterns = [...sources.matchAll(/`([\w.]*\$\{[^`]*?\}[\w.]*)`/g)].map(
  (m) => new RegExp(`^${(m[1] ?? "").replace(/\./g, "\\.").replace(/\$\{[^}]*\}/g, "\\w+")}$`),
);
const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

for (const [name, [zh, en]] of Object.entries(PAIRS)) {
  test(`${name}: both languages say the same, in their own words`, () => {
    assert.deepEqual(Object.keys(en).sort(), Object.keys(zh).sort());
    for (const key of Object.keys(zh)) {
      const [ours, theirs] = [zh[key] ?? "", en[key] ?? ""];
      assert.ok(ours.trim() && theirs.trim(), key);
      assert.doesNotMatch(theirs, /[\u3000-\u9fff\uff00-\uffef]/, key);
      assert.deepEqual(holes(theirs), holes(ours), key);
    }
  });

  test(`${name}: every key is used`, () => {
    assert.deepEqual(Object.keys(zh).filter((key) => !sources.includes(`"${key}"`) && !patterns.some((p) => p.test(key))), []);
  });
}
