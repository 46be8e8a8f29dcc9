/** Cards of what was found, and of what is mine. */

import { html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { duration } from "../lib/format.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { longDay } from "../lib/when.ts";
import type { Card, Item } from "./model.ts";
import { openHash } from "./route.ts";
import { say } from "./say.ts";
import { marked } from "./span-view.ts";

const MARKS: Readonly<Record<string, IconName>> = { lesson: "live", video: "camera", audio: "call", document: "file", link: "share", clip: "cut" };

function poster(it: Pick<Card, "poster" | "kind" | "length_ms">, place: number | null = null): TemplateResult {
  return html`<span class="poster">
    ${it.poster ? html`<img loading="lazy" src=${it.poster} alt="" />` : icon(MARKS[it.kind] ?? "file")}
    ${it.length_ms ? html`<span class="long">${duration(it.length_ms)}</span>` : nothing}
    ${place !== null && it.length_ms && it.kind !== "clip" ? html`<span class="seen"><i style=${styleMap({ width: `${Math.min(100, (place / it.length_ms) * 100)}%` })}></i></span>` : nothing}
  </span>`;
}

function beside(it: Pick<Item, "teacher" | "school" | "day" | "subject" | "grade">): string {
  return [it.teacher, it.school, [it.grade, it.subject].filter(Boolean).join(" "), it.day && longDay(it.day)].filter(Boolean).join(" · ");
}

export function resultCard(it: Item): TemplateResult {
  return html`<li class="card ${it.poster ? "" : "bare"}" data-testid="result" data-id=${it.id}>
    <a class="shot" href=${openHash(it.id)} tabindex="-1" aria-hidden="true">${poster(it)}</a>
    <div class="text">
      <h3><a href=${openHash(it.id)} data-testid="result-title">${marked(it.title, it.title_marks)}</a></h3>
      <p class="beside"><span class="kind">${icon(MARKS[it.kind] ?? "file")}${say.maybe(`kind.${it.kind}`) ?? it.kind}</span> ${beside(it)}</p>
      ${it.snippet ? html`<p class="snippet">${marked(it.snippet, it.snippet_marks)}</p>` : nothing}
      ${it.spoken.length
        ? html`<ul class="hits" aria-label=${say("result.spoken")}>
            ${it.spoken.map(
              (hit) => html`<li><a class="hit" href=${openHash(it.id, hit.at_ms)} data-testid="spoken" title=${say("result.playFrom", { at: duration(hit.at_ms) })}>
                <span class="at">${icon("play")}${duration(hit.at_ms)}</span><span>${marked(hit.text, hit.marks)}</span></a></li>`,
            )}
          </ul>`
        : nothing}
      ${it.slides.length
        ? html`<ul class="slides" aria-label=${say("result.slides")}>
            ${it.slides.map(
              (hit) => html`<li><a href=${openHash(it.id, hit.at_ms)} data-testid="slide" title=${say("result.playFrom", { at: duration(hit.at_ms) })}>
                ${hit.image ? html`<img loading="lazy" src=${hit.image} alt="" />` : nothing}<span>${marked(hit.text, hit.marks)}</span></a></li>`,
            )}
          </ul>`
        : nothing}
    </div>
  </li>`;
}

export function mineCard(it: Card): TemplateResult {
  return html`<li><a class="mine" href=${openHash(it.id)} data-testid="mine">
    ${poster(it, it.place_ms)}
    <strong>${it.title}</strong>
    <span class="beside">${it.state === "published" ? beside(it) : (say.maybe(`is.${it.state}`) ?? it.state)}</span>
  </a></li>`;
}
