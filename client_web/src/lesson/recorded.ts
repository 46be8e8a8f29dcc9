/** Whether a lesson was recorded, what is missing of it, and the way to it in the library. */

import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { tag, tagCss, type Tone } from "../components/tag.ts";
import { duration } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import type { Rest } from "../lib/rest.ts";
import { sectionCss } from "./lesson-css.ts";
import { say } from "./say.ts";

interface Recording {
  state: string;
  missing_ms: number;
  /** Its files are on another server, which finishes it. */
  elsewhere: boolean;
  /** In the library, once there is something of it. */
  resource: string | null;
}

const TONES: Readonly<Record<string, Tone>> = { recording: "ok", troubled: "bad", paused: "warn" };
const EVERY_MS = 30_000;

@customElement("tk-recorded")
export class Recorded extends LitElement {
  static override styles = [baseCss, tagCss, sectionCss];

  @property({ attribute: false }) rest!: Rest;
  @property() lesson = "";
  #recording = new Loading<Recording>(this, () => this.rest.get<Recording>(`/lessons/${this.lesson}/recording`), EVERY_MS);

  constructor() {
    super();
    new LangController(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("lesson") && this.hasUpdated) void this.#recording.again();
  }

  /** Who may not see it, or where there is none, is not told that there could be one. */
  protected override render(): TemplateResult | typeof nothing {
    const it = this.#recording.value;
    if (!it || (it.state === "none" && !it.resource)) return nothing;
    return html`<section data-testid="recorded">
      <h2>${icon("camera")}${say("rec.title")} ${tag(TONES[it.state] ?? "plain", say.maybe(`rec.${it.state}`) ?? it.state)}</h2>
      ${it.missing_ms ? html`<p>${say("rec.missing", { time: duration(it.missing_ms) })}</p>` : nothing}
      ${it.resource
        ? html`<p><a href=${`/library#r=${it.resource}`} data-testid="to-recording">${say("rec.watch")}</a></p>`
        : html`<p class="quietly">${say(it.elsewhere ? "rec.elsewhere" : "rec.later")}</p>`}
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-recorded": Recorded;
  }
}
