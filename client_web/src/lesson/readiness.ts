/** Which classrooms are ready, by their displays' last contact and check. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag, tagCss } from "../components/tag.ts";
import { troubleCss } from "../components/trouble.ts";
import { readyName, readyTone, readyWord, type Ready } from "../home/lessons.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import type { Rest } from "../lib/rest.ts";
import { timeOfDay } from "../lib/when.ts";
import { sectionCss } from "./lesson-css.ts";
import { say } from "./say.ts";
import { before, isOver, type Whole } from "./view.ts";

const EVERY_MS = 30_000;
const GRADES = { green: "ok", amber: "warn", red: "bad" } as const;

@customElement("tk-lesson-readiness")
export class LessonReadiness extends LitElement {
  static override styles = [
    baseCss,
    tagCss,
    troubleCss,
    loadedCss,
    sectionCss,
    css`
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--s1) var(--s3);
        padding: var(--s2) 0;
        border-top: 1px solid var(--line);
      }
      li:first-child {
        border-top: 0;
      }
      small {
        color: var(--text-2);
        font-size: 14px;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) lesson!: Whole;
  #ready = new Loading<Ready[]>(this, () => this.rest.get<Ready[]>(`/lessons/${this.lesson.lesson}/readiness`), EVERY_MS);

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const { lesson } = this;
    return html`<section data-testid="readiness">
      <h2>${icon("check")}${say("les.ready")}</h2>
      ${loaded(this.#ready, (ready) => html`<ul>${before(ready, lesson.ends).map((it) => html`<li>${readyName(it, lesson.seats)} ${isOver(lesson) ? this.#was(it) : this.#is(it)}</li>`)}</ul>`)}
    </section>`;
  }

  #is(it: Ready): TemplateResult {
    const tone = readyTone(it);
    return tag(tone === "none" ? "plain" : tone, say(`prepared.${readyWord(it)}`));
  }

  /** Whether the display is there now says nothing about a lesson that is over. */
  #was({ preflight }: Ready): TemplateResult {
    if (!preflight) return tag("plain", say("les.untested"));
    return html`<span>${tag(GRADES[preflight.grade], say(`prepared.${preflight.grade}`))} ${preflight.at ? html`<small>${say("les.tested", { time: timeOfDay(preflight.at) })}</small>` : nothing}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-lesson-readiness": LessonReadiness;
  }
}
