import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const read = (name: string): string => readFileSync(join(import.meta.dirname, "..", name), "utf8");

test("the lock file names no host", () => {
  const lock = read("package-lock.json");
  assert.doesNotMatch(lock, /"resolved"|https?:\/\//);
  assert.doesNotMatch(read(".npmrc"), /registry\s*=/);
});

test("versions are exact", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  for (const version of Object.values({ ...dependencies, ...devDependencies })) assert.match(version, /^\d+\.\d+\.\d+$/);
});
