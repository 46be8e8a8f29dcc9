/** What is still being done with a resource, step by step; asked now and then. A step that failed can be tried again by who may. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag, tagCss, type Tone } from "../components/tag.ts";
import { troubleCss } from "../components/trouble.ts";
import { percent } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { problemText } from "../lib/problems.ts";
import type { Rest } from "../lib/rest.ts";
import { stageTrouble } from "../lib/stage-trouble.ts";
import type { Stage } from "./model.ts";
import { say } from "./say.ts";

const EVERY_MS = 5_000;
const TONES: Readonly<Record<string, Tone>> = { done: "ok", failed: "warn", given_up: "bad" };

@customElement("tk-stages")
export class Stages extends LitElement {
  static override styles = [
    baseCss,
    tagCss,
    troubleCss,
    loadedCss,
    css`
      :host {
        display: block;
        margin-top: var(--s4);
      }
      ol {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) max-content;
        grid-gap: var(--s1) var(--s3);
        align-items: center;
        padding: var(--s3) 0;
        border-top: 1px solid var(--line);
      }
      progress,
      small {
        grid-column: 1 / -1;
      }
      progress {
        width: 100%;
        height: 8px;
        accent-color: var(--accent);
      }
      small {
        color: var(--bad);
        font-size: 14px;
        overflow-wrap: anywhere;
      }
      button {
        margin-top: var(--s3);
        min-height: 44px;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property() resource = "";
  /** Whether she may have it tried again. */
  @property({ type: Boolean }) retries = false;
  @state() private busy = false;
  @state() private problem: unknown = null;
  #stages = new Loading<readonly Stage[]>(this, () => this.#ask(), EVERY_MS);

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): unknown {
    return loaded(this.#stages, (stages) => this.#view(stages));
  }

  #view(stages: readonly Stage[]): TemplateResult {
    const failed = stages.some((it) => it.state === "failed" || it.state === "given_up");
    return html`<ol data-testid="stages">${stages.map((it) => this.#stage(it))}</ol>
      ${failed && this.retries
        ? html`<button type="button" class="primary" data-testid="stages-retry" ?disabled=${this.busy} @click=${() => void this.#retry()}>${icon("link")}${say("making.retry")}</button>`
        : nothing}
      ${this.problem ? html`<p class="bad" role="alert">${problemText(this.problem)}</p>` : nothing}`;
  }

  #stage(it: Stage): TemplateResult {
    const name = say.maybe(`stage.${it.name}`) ?? it.name;
    const word = say.maybe(`stageState.${it.state}`) ?? it.state;
    return html`<li data-testid="stage" data-state=${it.state}>
      <span>${name}</span>${tag(TONES[it.state] ?? "plain", it.state === "running" ? `${word} ${percent(it.progress / 1000)}` : word)}
      ${it.state === "running" ? html`<progress max="1000" .value=${it.progress} aria-label=${name}></progress>` : nothing}
      ${it.state === "failed" || it.state === "given_up" ? html`<small>${stageTrouble(it)}</small>` : nothing}
    </li>`;
  }

  async #ask(): Promise<readonly Stage[]> {
    const answer = await this.rest.get<readonly Stage[] | { items: readonly Stage[] }>(`/resources/${this.resource}/stages`);
    return "items" in answer ? answer.items : answer;
  }

  async #retry(): Promise<void> {
    this.busy = true;
    this.problem = null;
    try {
      await this.rest.post(`/resources/${this.resource}/stages/retry`);
      await this.#stages.again();
    } catch (problem) {
      this.problem = problem;
    }
    this.busy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-stages": Stages;
  }
}
