/** What was answered by both ends, question by question, and what was measured beside it. */

import { css, html, nothing, type TemplateResult } from "lit";
import { DASH, ms, percent } from "../lib/format.ts";
import { lang } from "../lib/i18n.ts";
import { findings, verdict, type Finding, type Measures } from "../lib/quality.ts";
import { words } from "../lib/words.ts";
import { qualityEn } from "../strings/quality.en.ts";
import { qualityZh } from "../strings/quality.zh.ts";
import type { Question } from "./rating-form.ts";
import { tag } from "./tag.ts";

export const qualitySay = words(qualityZh, qualityEn);
const say = qualitySay;

export interface Answers {
  answers: number;
  mean: number | null;
  texts: string[];
}

/** Of one lesson or of many. */
export interface Result {
  lessons: number;
  forms: number;
  /** Side → question → answers. */
  answers: Readonly<Record<string, Readonly<Record<string, Answers>>>>;
  measured: { participants: number; seconds: { seen: number }; quality: Measures };
}

export const ratedCss = css`
  .rated {
    width: 100%;
    border-collapse: collapse;
  }
  .rated th,
  .rated td {
    padding: var(--s2) var(--s3) var(--s2) 0;
    border-top: 1px solid var(--line);
    text-align: left;
    vertical-align: top;
  }
  .rated thead th {
    border-top: 0;
    color: var(--text-2);
    font-size: 14px;
    font-weight: 600;
  }
  .rated tbody th {
    font-weight: 500;
  }
  .rated td {
    width: 28%;
    overflow-wrap: anywhere;
  }
  .rated small {
    display: block;
    color: var(--text-2);
    font-size: 14px;
  }
  .rated blockquote {
    margin: 0 0 var(--s1);
    padding-left: var(--s2);
    border-left: 3px solid var(--line);
  }
  .found {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
  .found .tag + .tag {
    margin-left: 0;
  }
  .legend {
    margin-top: var(--s3);
    color: var(--text-2);
    font-size: 14px;
  }
`;

const SIDES = ["lead", "receiving"] as const;

export function ratedTable(questions: readonly Question[], { forms, answers }: Result): TemplateResult {
  if (!forms) return html`<p class="legend" data-testid="unrated">${say("rated.none")}</p>`;
  return html`<table class="rated" data-testid="rated">
    <thead><tr><th scope="col">${say("rated.question")}</th>${SIDES.map((side) => html`<th scope="col">${say(`rated.${side}`)}</th>`)}</tr></thead>
    <tbody>
      ${questions.map(
        (question) => html`<tr>
          <th scope="row">${question[lang()] || question.zh}</th>
          ${SIDES.map((side) => html`<td data-testid="rated-${question.id}-${side}">${answered(question, answers[side]?.[question.id])}</td>`)}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function answered(question: Question, it: Answers | undefined): unknown {
  if (!it?.answers) return DASH;
  if (question.kind === "text") return it.texts.map((text) => html`<blockquote>${text}</blockquote>`);
  const mean = it.mean ?? 0;
  const said = question.kind === "stars" ? say("rated.stars", { mean: stars(mean) }) : say("rated.yes", { percent: percent(mean) });
  return html`<strong>${said}</strong><small>${say("rated.answers", { n: it.answers })}</small>`;
}

/** @param mean 1…5. */
export function stars(mean: number): string {
  return (Math.round(mean * 10) / 10).toString();
}

function valueOf({ what, value }: Finding): string {
  return what === "delay" ? ms(value) : what === "freezes" ? String(value) : percent(value);
}

/** Each with its word, so that it needs no colour. */
export function foundTags(measures: Measures, seenS: number): TemplateResult {
  const found = findings(measures, seenS);
  if (!verdict(found)) return html`<span class="found">${tag("plain", say("quality.none"))}</span>`;
  return html`<span class="found">
    ${found.map((it) => tag(it.grade, `${say(`quality.${it.what}`, { value: valueOf(it) })} · ${say(`quality.${it.grade}`)}`))}
  </span>`;
}

export function measured({ measured: it }: Result): TemplateResult {
  return html`<div data-testid="measured">
    ${foundTags(it.quality, it.seconds.seen)}
    ${it.participants ? html`<p class="legend">${say("rated.measuredOf", { n: it.participants })}</p>` : nothing}
  </div>`;
}
