import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const css = readFileSync(join(import.meta.dirname, "../src/styles/tokens.css"), "utf8");

/** The custom properties of the n-th rule whose selector is this. */
function tokens(selector: string, nth = 0): Record<string, string> {
  const body = css.split(`${selector} {`)[nth + 1]?.split("}")[0] ?? "";
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
}

/** Relative luminance and contrast ratio of WCAG 2.1. */
function luminance(hex: string): number {
  const channel = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const PAIRS: [string, string][] = [
  ["text", "bg"],
  ["text", "surface"],
  ["text-2", "bg"],
  ["text-2", "surface"],
  ["text", "surface-2"],
  ["on-accent", "accent"],
  ["accent", "accent-soft"],
  ["ok", "surface"],
  ["ok", "ok-soft"],
  ["warn", "warn-soft"],
  ["bad", "bad-soft"],
];

const light = tokens(":root");
const dark = { ...light, ...tokens(":root", 1) };
const display = { ...light, ...tokens(":root.display") };

for (const [name, theme, least] of [
  ["light", light, 4.5],
  ["dark", dark, 4.5],
  ["display", display, 7],
] as const) {
  test(`${name}: text can be read, contrast at least ${least}:1`, () => {
    for (const [front, back] of PAIRS) {
      const ratio = contrast(theme[front] ?? "", theme[back] ?? "");
      assert.ok(ratio >= least, `${front} on ${back}: ${ratio.toFixed(2)}`);
    }
  });
}
