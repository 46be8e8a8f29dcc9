import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fill, pickLang } from "../src/lib/i18n.ts";

const SRC = join(import.meta.dirname, "../src");

/** A pair is `zh.ts` and `en.ts`, or `NAME.zh.ts` and `NAME.en.ts`; each file exports its table and nothing else at run time. */
async function tables(language: "zh" | "en"): Promise<Record<string, Record<string, string>>> {
  const files = readdirSync(join(SRC, "strings")).filter((file) => new RegExp(`^(.+\\.)?${language}\\.ts$`).test(file));
  const read = async (file: string): Promise<[string, Record<string, string>]> => {
    const exported = Object.values((await import(join(SRC, "strings", file))) as Record<string, Record<string, string>>);
    assert.equal(exported.length, 1, `${file} exports one table`);
    return [file.replace(/(zh|en)\.ts$/, ""), exported[0]!];
  };
  return Object.fromEntries(await Promise.all(files.map(read)));
}

const chinese = await tables("zh");
const english = await tables("en");
const zh = Object.assign({}, ...Object.values(chinese)) as Record<string, string>;
const en = Object.assign({}, ...Object.values(english)) as Record<string, string>;

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.startsWith("strings"))
  .map((file) => ({ file, text: readFileSync(join(SRC, file), "utf8") }));

/** Keys whose blanks are filled with facts that the server gives. */
const BY_SERVER = /^(notice|problem|refused)\./;

/** English that says what Chinese has to look like. */
const NAMES_CHINESE = /^(lang\.other|refused\.un\w+)$/;

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

test("both languages have the same keys, none empty", () => {
  assert.deepEqual(Object.keys(english).sort(), Object.keys(chinese).sort());
  for (const [pair, table] of Object.entries(chinese)) {
    assert.deepEqual(Object.keys(english[pair]!).sort(), Object.keys(table).sort(), pair);
  }
  for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) assert.ok(text.trim() !== "", key);
});

test("no key is in two tables", () => {
  const keys = Object.values(chinese).flatMap((table) => Object.keys(table));
  assert.deepEqual(keys.filter((key, at) => keys.indexOf(key) !== at), []);
});

test("a text has the same placeholders in both languages, or fewer in one", () => {
  for (const key of Object.keys(zh).filter((key) => !BY_SERVER.test(key))) {
    const known = new Set([...placeholders(zh[key]!), ...placeholders(en[key]!)]);
    for (const hole of known) {
      const used = sources.some(({ text }) => new RegExp(`\\b${hole.slice(1, -1)}\\b`).test(text));
      assert.ok(used, `${key}: nobody fills ${hole}`);
    }
  }
});

test("English is English and Chinese is Chinese", () => {
  for (const [key, text] of Object.entries(en)) if (!NAMES_CHINESE.test(key)) assert.doesNotMatch(text, /[\u3000-\u9fff\uff00-\uffef]/, key);
  const same = Object.keys(zh).filter((key) => zh[key] === en[key]);
  assert.deepEqual(same, ["lead.name", "page.of"].filter((key) => same.includes(key)));
});

test("every key is used", () => {
  const all = sources.map(({ text }) => text).join("\n");
  const patterns = [...all.matchAll(/`([\w.]*\$\{[^`]*?\}[\w.]*)`/g)]
    .map((m) => (m[1] ?? "").replace(/\$\{[^}]*\}/g, "*"))
    .filter((text) => /^[\w.*]*$/.test(text))
    .map((text) => new RegExp(`^${text.replace(/\./g, "\\.").replace(/\*/g, "[\\w.]+")}$`));
  const unused = Object.keys(zh).filter((key) => !all.includes(`"${key}"`) && !patterns.some((p) => p.test(key)));
  assert.deepEqual(unused, []);
});

/** The markup of every html`…` template, with its expressions taken out. */
function markup(source: string): string[] {
  const found: string[] = [];
  for (let at = source.indexOf("html`"); at >= 0; at = source.indexOf("html`", at + 5)) {
    let text = "";
    let depth = 0;
    for (let i = at + 5; i < source.length; i += 1) {
      if (depth === 0 && source[i] === "`") break;
      if (source.startsWith("${", i)) depth += 1;
      if (depth === 0) text += source[i];
      // Braces inside an expression balance; templates inside it are looked at on their own.
      else if (source[i] === "{" && source[i - 1] !== "$") depth += 1;
      else if (source[i] === "}") {
        depth -= 1;
        text += "\u0000";
      }
    }
    found.push(text);
  }
  return found;
}

test("no sentence is written in a component", () => {
  for (const { file, text } of sources) {
    assert.doesNotMatch(text, /[\u3400-\u9fff]/, `${file} contains Chinese`);
    for (const template of markup(text)) {
      const words = template.replace(/<[^<>]*>/g, " ").replace(/[\u0000\s]/g, "");
      assert.doesNotMatch(words, /[A-Za-z]{2,}/, `${file}: ${words}`);
      assert.doesNotMatch(template, /\b(title|aria-label|alt|placeholder)="[^"\u0000]*[A-Za-z]/, file);
    }
  }
});

test("the first wish that we can fulfil wins, Chinese when there is none", () => {
  assert.equal(pickLang("fr", null, "en-US", "zh"), "en");
  assert.equal(pickLang("zh-TW"), "zh");
  assert.equal(pickLang(undefined, "de"), "zh");
});

test("fill replaces what it is given and leaves the rest", () => {
  assert.equal(fill("{n} of {of}", { n: 2 }), "2 of {of}");
});
