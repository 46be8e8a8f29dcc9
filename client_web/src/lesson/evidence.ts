/** Who was there, by measurement: a strip of time for each, faults that were reported, and the audit rows behind it. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { styleMap } from "lit/directives/style-map.js";
import { auditCss, auditRows } from "../components/audit-rows.ts";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { foundTags, qualitySay, ratedCss } from "../components/rated.ts";
import { tag, tagCss } from "../components/tag.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import type { Rest } from "../lib/rest.ts";
import { timeOfDay } from "../lib/when.ts";
import { attendanceCss, sectionCss } from "./lesson-css.ts";
import { minutes } from "./minutes.ts";
import { say } from "./say.ts";
import { attendanceGrade, faultsOf, frameOf, isOver, placesOf, pupilsOf, secondsOf, spanOf, type Attended, type Frame, type Place, type Proof, type Whole } from "./view.ts";

const EVERY_MS = 30_000;

@customElement("tk-lesson-evidence")
export class LessonEvidence extends LitElement {
  static override styles = [baseCss, tagCss, troubleCss, loadedCss, ratedCss, auditCss, sectionCss, attendanceCss];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) lesson!: Whole;
  #proof = new Loading<Proof>(this, () => this.rest.get<Proof>(`/lessons/${this.lesson.lesson}/evidence`), EVERY_MS);

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    return html`
      <section data-testid="attendance">
        <h2>${icon("people")}${say("les.attendance")}<span class="beside">${this.#pupils()}</span></h2>
        ${loaded(this.#proof, (proof) => this.#attendance(proof.participants))}
      </section>
      ${this.#proof.value ? html`${this.#faults(this.#proof.value)} ${this.#log(this.#proof.value)}` : nothing}
    `;
  }

  #pupils(): string {
    const n = pupilsOf(placesOf(this.lesson.seats, this.#proof.value?.participants ?? []));
    return n === null ? "" : say("les.allPupils", { n });
  }

  #attendance(people: readonly Attended[]): TemplateResult {
    const { lesson } = this;
    if (!people.length && lesson.state === "cancelled") return emptiness("calendar", say("les.cancelledSay"));
    if (!people.length && !isOver(lesson)) return emptiness("clock", say("les.noEvidence"));
    const frame = frameOf(lesson, people, Date.now() / 1000);
    return html`
      ${placesOf(lesson.seats, people).map((place) => this.#place(place, frame))}
      <p class="legend">${say("les.planned", { from: timeOfDay(lesson.starts), to: timeOfDay(lesson.ends) })} · ${qualitySay("quality.legend")}</p>
    `;
  }

  #place({ seat, people, pupils }: Place, frame: Frame): TemplateResult {
    return html`<div class="place" data-testid="place">
      <h3>
        ${seat ? `${seat.school_name} · ${seat.classroom_name}` : say("les.others")}
        ${seat?.pupil_class_name ? html`<small>${seat.pupil_class_name}</small>` : nothing}
        ${pupils === null ? nothing : html`<small data-testid="pupils">${say("les.pupils", { n: pupils })}</small>`}
        ${people.length ? nothing : isOver(this.lesson) ? tag("bad", say("les.absent")) : tag("plain", say("les.notYet"))}
      </h3>
      ${people.map((it) => this.#one(it, frame))}
    </div>`;
  }

  #one(it: Attended, frame: Frame): TemplateResult {
    const { lesson } = this;
    const grade = attendanceGrade(it.present_s, lesson);
    const until = it.left ?? frame.to;
    const times = { from: timeOfDay(it.joined), to: timeOfDay(until) };
    const sentence = say(it.left === null ? "les.here" : "les.span", times);
    const seconds = secondsOf(it).map(([name, value]) => [`les.${name}`, value] as const);
    return html`<div class="one" data-testid="attended" data-participant=${it.participant}>
      <div class="who"><strong>${it.name || it.participant}</strong><small>${say.maybe(`les.role.${it.role}`) ?? it.role}</small></div>
      <div>
        <div class="strip" role="img" aria-label=${sentence} title=${sentence}>
          ${this.#bar("planned", frame, lesson.starts, lesson.ends)}${this.#bar("there", frame, it.joined, until)}
        </div>
        <p class="span">${sentence} ${isOver(lesson) ? tag(grade, say(`les.attend.${grade}`)) : nothing}</p>
        <dl class="figures">
          ${seconds.map(([name, value]) => html`<div data-testid=${name.slice(4)}><dt>${say(name)}</dt> <dd>${say("les.minutes", { n: minutes(value) })}</dd></div>`)}
        </dl>
        ${foundTags(it.quality, it.seen_s)}
      </div>
    </div>`;
  }

  #bar(look: string, frame: Frame, from: number, to: number): TemplateResult {
    const { at, wide } = spanOf(frame, from, to);
    return html`<i class=${look} style=${styleMap({ left: `${at}%`, width: `${wide}%` })}></i>`;
  }

  #faults({ audit }: Proof): TemplateResult | typeof nothing {
    const rows = faultsOf(audit, this.lesson.seats);
    if (!rows.length && !isOver(this.lesson)) return nothing;
    return html`<section data-testid="faults">
      <h2>${icon("warn")}${say("les.faults")}</h2>
      ${rows.length
        ? html`<ul class="log">
            ${rows.map(
              (it) => html`<li>
                <span class="number">${timeOfDay(it.at)}</span>
                <div><strong>${say.maybe(`les.fault.${it.fault}`) ?? it.fault}</strong> ${it.text}<small>${[it.classroom, it.by].filter(Boolean).join(" · ")}</small></div>
              </li>`,
            )}
          </ul>`
        : html`<p class="quietly">${say("les.noFaults")}</p>`}
    </section>`;
  }

  #log({ audit }: Proof): TemplateResult | typeof nothing {
    if (!audit.length) return nothing;
    return html`<section data-testid="log">
      <details>
        <summary><strong>${say("les.log", { n: audit.length })}</strong></summary>
        <p class="legend">${say("les.logSay")}</p>
        ${auditRows(audit, say("les.detail"))}
      </details>
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-lesson-evidence": LessonEvidence;
  }
}
