/** Fails the build when a page grew too heavy or uses what Chromium 87 does not have. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = join(import.meta.dirname, "..", "dist");
/** Script of the page, gzipped, bytes. The classroom's limit is a promise to old display machines. */
const LIMITS = { "classroom.html": 60_000, "studio.html": 90_000, "index.html": 60_000, "assistant.html": 60_000, "login.html": 60_000, "home.html": 60_000, "admin.html": 90_000, "timetable.html": 90_000, "lesson.html": 60_000, "ledger.html": 60_000, "library.html": 90_000, "school.html": 60_000 };
/** Newer than Chromium 87; syntax is the bundler's business (`build.target`), these are not. */
const TOO_NEW =
  /\.(at|findLast|findLastIndex|toSorted|toReversed|with|replaceChildrenWith)\(-?\d|structuredClone\(|randomUUID\(|Object\.hasOwn\(|AbortSignal\.(timeout|any)\(|Promise\.withResolvers|\bstatic\s*\{/;
const TOO_NEW_CSS = /(?<!max-|min-)aspect-ratio:|color-mix\(|:has\(|\d(dvh|svh|lvh)\b|@container|@layer|(?<!safe-area-)\binset-/;

const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));

/** All chunks that an entry loads. */
function chunksOf(key, seen = new Set()) {
  if (!seen.has(key)) {
    seen.add(key);
    for (const next of manifest[key].imports ?? []) chunksOf(next, seen);
  }
  return seen;
}

const faults = [];
for (const [page, limit] of Object.entries(LIMITS)) {
  let bytes = 0;
  for (const key of chunksOf(page)) bytes += gzipSync(readFileSync(join(DIST, manifest[key].file)), { level: 9 }).length;
  console.log(`${page}: ${(bytes / 1000).toFixed(1)} kB of script gzipped, at most ${limit / 1000}`);
  if (bytes > limit) faults.push(`${page} loads ${bytes} bytes of script gzipped; at most ${limit} are allowed`);
  const html = readFileSync(join(DIST, page), "utf8");
  if (/<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=/.test(html)) faults.push(`${page} has inline script or style`);
  if (/https?:\/\//.test(html)) faults.push(`${page} names another host`);
}
for (const file of readdirSync(join(DIST, "assets"))) {
  const text = readFileSync(join(DIST, "assets", file), "utf8");
  const found = file.endsWith(".js") ? (TOO_NEW.exec(text) ?? TOO_NEW_CSS.exec(text)) : file.endsWith(".css") && TOO_NEW_CSS.exec(text);
  if (found) faults.push(`${file} uses "${found[0].trim()}", which Chromium 87 does not have`);
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;
