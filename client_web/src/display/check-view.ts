/** What the check before the bell has found, as three rows or as one chip. */

import { html, nothing, type TemplateResult } from "lit";
import type { CheckReport, Grade } from "../lib/device.ts";
import * as format from "../lib/format.ts";
import { icon, type IconName } from "../lib/icons.ts";
import type { Progress } from "./checks.ts";
import { reportOf } from "./grades.ts";
import { say } from "./say.ts";

const TONE: Readonly<Record<Grade, "ok" | "warn" | "bad">> = { green: "ok", amber: "warn", red: "bad" };
const MARK: Readonly<Record<Grade, IconName>> = { green: "check", amber: "warn", red: "bad" };

type Part = "sound" | "picture" | "line";
const PARTS: readonly { part: Part; icon: IconName }[] = [
  { part: "sound", icon: "call" },
  { part: "picture", icon: "camera" },
  { part: "line", icon: "line" },
];

/** Rows appear as they are known. */
export function checkRows(progress: Progress): TemplateResult {
  const so = reportOf({ sound: progress.sound ?? null, picture: progress.picture ?? null, line: progress.line ?? { up: null, down: null } });
  return html`
    <ul class="check" data-testid="check">
      ${PARTS.map(({ part, icon: name }) => {
        const known = progress[part] !== undefined;
        const { grade } = so[part];
        return html`
          <li class=${known ? TONE[grade] : "busy"} data-testid="check-${part}" data-grade=${known ? grade : "busy"}>
            ${icon(known ? MARK[grade] : name)}
            <strong>${say(`display.check.${part}`)}</strong>
            <span>${known ? sentence(so, part) : say("display.check.busy")}</span>
          </li>
        `;
      })}
    </ul>
  `;
}

export function checkChip(report: CheckReport | null): TemplateResult | typeof nothing {
  if (!report) return nothing;
  const bad = PARTS.filter(({ part }) => report[part].grade !== "green");
  return html`
    <div class="state ${TONE[report.grade]}" data-testid="grade" data-grade=${report.grade}>
      ${icon(MARK[report.grade])}<span>${say("display.check.result")} · ${say(`display.grade.${report.grade}`)}</span>
    </div>
    ${bad.map(({ part }) => html`<p class="fault">${sentence(report, part)}</p>`)}
  `;
}

function sentence({ sound, picture, line }: CheckReport, part: Part): string {
  switch (part) {
    case "sound":
      if (sound.grade === "amber" && sound.echo_ms !== null) return say("display.sound.slow", { ms: sound.echo_ms });
      return say(`display.sound.${sound.grade}`, { ms: sound.echo_ms ?? 0 });
    case "picture":
      return say(`display.picture.${picture.grade}`, { size: format.size(picture.width, picture.height), fps: Math.round(picture.fps) });
    case "line": {
      const rate = (kbps: number): string => (kbps > 0 ? format.rate(Math.min(kbps, 100_000) * 1_000) : format.rate(null));
      return say(`display.line.${line.grade}`, { up: rate(line.up_kbps), down: rate(line.down_kbps) });
    }
  }
}
