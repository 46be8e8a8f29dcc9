/** The work after lessons: how far each is, what failed and why, and a button to try again. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../components/data-table.ts";
import type { Column, DataTable } from "../components/data-table.ts";
import { field } from "../components/field.ts";
import { tag, type Tone } from "../components/tag.ts";
import type { Page } from "../lib/rest.ts";
import { stageTrouble } from "../lib/stage-trouble.ts";
import { dateTime } from "../lib/when.ts";
import { words } from "../lib/words.ts";
import { stagesEn } from "../strings/stages.en.ts";
import { stagesZh } from "../strings/stages.zh.ts";
import { workEn } from "../strings/work.en.ts";
import { workZh } from "../strings/work.zh.ts";
import { Tab } from "./tab.ts";

const say = words({ ...stagesZh, ...workZh }, { ...stagesEn, ...workEn });
const EVERY_MS = 5_000;
const STATES = ["failed", "running", "waiting"] as const;

interface Stage {
  name: keyof typeof TITLES;
  state: "waiting" | "running" | "done" | "failed" | "given_up";
  /** Thousandths. */
  progress: number;
  tries: number;
  error: string;
  detail: string;
  /** Seconds since 1970; null: it waits for something else. */
  due: number | null;
}

interface Job {
  resource: string;
  title: string;
  teacher_name: string;
  school_name: string;
  day: string;
  retry: boolean;
  stages: Stage[];
}

const TITLES = {
  finalise: "stage.finalise",
  ingest: "stage.ingest",
  extract: "stage.extract",
  pictures: "stage.pictures",
  transcript: "stage.transcript",
  chapters: "stage.chapters",
  publish: "stage.publish",
  index: "stage.index",
} as const;
const TONES: Record<Stage["state"], Tone> = { waiting: "plain", running: "plain", done: "ok", failed: "warn", given_up: "bad" };

/** The stage that one wants to hear of: what runs, else what failed, else what is next. */
export function current(stages: readonly Stage[]): Stage | undefined {
  const first = (...states: readonly Stage["state"][]): Stage | undefined => stages.find((it) => states.includes(it.state));
  return first("running") ?? first("given_up") ?? first("failed") ?? first("waiting");
}

@customElement("tk-work-tab")
export class WorkTab extends Tab {
  static override styles = [
    ...Tab.styles,
    css`
      progress {
        width: 100%;
        max-width: 160px;
        accent-color: var(--accent);
      }
    `,
  ];

  @state() private wanted = "";
  #load = this.#listing();
  #timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = window.setInterval(() => document.visibilityState === "visible" && this.#look(), EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override render(): TemplateResult {
    return html`
      <div class="bar">
        ${field(
          say("work.state"),
          html`<select data-testid="work-state" @change=${(event: Event) => this.#filter((event.target as HTMLSelectElement).value)}>
            <option value="">${say("work.any")}</option>
            ${STATES.map((it) => html`<option value=${it}>${say(`work.${it}`)}</option>`)}
          </select>`,
        )}
      </div>
      ${this.status()}
      <tk-table testid="work" label=${say("tab.work")} .columns=${this.#columns()} .load=${this.#load} .key=${(it: Job) => it.resource}
        .nothing=${{ mark: "check", text: say("work.none") }}></tk-table>
    `;
  }

  /** What she has asked for herself, and what a slow line has not brought yet, is not asked for anew. */
  #look(): void {
    const table = this.renderRoot.querySelector<DataTable>("tk-table");
    if (table && !table.asking) table.reload();
  }

  #columns(): Column<Job>[] {
    return [
      { name: say("work.what"), cell: (it) => html`<strong>${titleOf(it)}</strong><small>${[it.school_name, it.teacher_name, it.day].filter(Boolean).join(" · ")}</small>` },
      { name: say("work.stage"), cell: (it) => this.#stage(current(it.stages)) },
      { name: say("work.progress"), cell: (it) => this.#progress(it.stages) },
      { name: say("work.trouble"), cell: (it) => this.#trouble(current(it.stages)) },
      { name: "", right: true, cell: (it) => this.#retry(it) },
    ];
  }

  #stage(it: Stage | undefined): unknown {
    return it ? html`${say(TITLES[it.name])} ${tag(TONES[it.state], say(`step.${it.state}`))}` : nothing;
  }

  #progress(stages: readonly Stage[]): unknown {
    const running = stages.find((it) => it.state === "running");
    const done = stages.filter((it) => it.state === "done").length;
    const part = (done + (running?.progress ?? 0) / 1000) / Math.max(stages.length, 1);
    const words = say("work.done", { done, all: stages.length });
    return html`<progress max="1" .value=${part} aria-label=${words}></progress><small>${words}</small>`;
  }

  #trouble(it: Stage | undefined): unknown {
    if (!it?.error) return "–";
    const notes = [it.tries > 1 ? say("work.tries", { n: it.tries }) : "", it.state === "failed" && it.due !== null ? say("work.again", { when: dateTime(it.due) }) : ""];
    return html`${stageTrouble(it)}<small>${notes.filter(Boolean).join(" · ")}</small>`;
  }

  #retry(it: Job): unknown {
    if (!it.retry || it.stages.some((stage) => stage.state === "running") || !it.stages.some((stage) => stage.error)) return nothing;
    return html`<button type="button" data-testid="retry" ?disabled=${this.busy}
      @click=${() => void this.do(() => this.rest.post(`/resources/${it.resource}/stages/retry`, {}), say("work.retried", { title: titleOf(it) }))}>${say("work.retry")}</button>`;
  }

  #listing(): (after: string) => Promise<Page<Job>> {
    return (after) => this.rest.page<Job>("/stages", { state: this.wanted, after });
  }

  #filter(wanted: string): void {
    this.wanted = wanted;
    this.#load = this.#listing();
  }
}

/** What somebody keeps for herself comes without its title. */
function titleOf(it: Job): string {
  return it.title || say("work.own");
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-work-tab": WorkTab;
  }
}
