/** One resource, whatever it is and however far it is. Sends `opened` (id), `gone` when it was removed, `named` (its title). */

import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { live } from "lit/directives/live.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss, tick } from "../components/field.ts";
import "../components/form-dialog.ts";
import type { Form } from "../components/form-dialog.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag, tagCss, type Tone } from "../components/tag.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { duration } from "../lib/format.ts";
import { LangController, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { problemText } from "../lib/problems.ts";
import { RestProblem, type Rest } from "../lib/rest.ts";
import { longDay } from "../lib/when.ts";
import { formNames, metadataAsks, metadataOf, type FormName } from "./metadata.ts";
import type { Resource } from "./model.ts";
import { resourceCss } from "./resource-css.ts";
import { openHash } from "./route.ts";
import { say } from "./say.ts";
import "./stages.ts";
import "./watch.ts";

const EVERY_MS = 5_000;
const TONES: Readonly<Record<string, Tone>> = { failed: "bad", removed: "bad" };

/** Nothing will change by itself any more. */
function settled(it: Resource): boolean {
  return it.state !== "waiting" && it.state !== "processing";
}

@customElement("tk-resource")
export class ResourceView extends LitElement {
  static override styles = [baseCss, fieldCss, tagCss, troubleCss, loadedCss, resourceCss];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: "rid" }) rid = "";
  /** As the address says, ms. */
  @property({ attribute: false }) asked: number | null = null;
  /** Plays at once, if the browser lets it. */
  @property({ type: Boolean }) plays = false;
  @state() private form: Form | null = null;
  /** Whether it is to be kept, while that is on its way. */
  @state() private keeps: boolean | null = null;
  @state() private problem: unknown = null;
  #forms: FormName[] = [];
  #stale = true;
  #resource = new Loading<Resource>(this, () => this.#ask(), EVERY_MS);

  constructor() {
    super();
    new LangController(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("rid") || !this.hasUpdated) return;
    this.#resource.value = null;
    this.#resource.problem = null;
    this.problem = null;
    void this.#again();
  }

  protected override render(): unknown {
    const { problem, value } = this.#resource;
    if (!value && problem instanceof RestProblem && [403, 404, 410].includes(problem.status)) {
      const word = problem.status === 403 ? "is.forbidden" : problem.status === 410 ? "is.removed" : "is.missing";
      return html`<section>${emptiness("library", say(word), html`<a class="button" href="/library">${icon("search")}${say("is.search")}</a>`)}</section>`;
    }
    return html`${loaded(this.#resource, (it) => this.#shown(it))}
      ${this.form ? html`<tk-form .form=${this.form} @dismiss=${() => (this.form = null)} @done=${() => (this.form = null)}></tk-form>` : nothing}`;
  }

  #shown(it: Resource): TemplateResult {
    return html`${this.#head(it)} ${this.#body(it)}`;
  }

  #head(it: Resource): TemplateResult {
    const beside = [it.teacher_name, it.school_name, it.day && longDay(it.day)].filter(Boolean).join(" · ");
    return html`<div class="head">
      <h1 data-testid="title">${it.title}</h1>
      <p class="tags">
        <span class="when">${beside}</span>
        ${tag("plain", say.maybe(`kind.${it.kind}`) ?? it.kind)}
        ${it.state === "published" ? nothing : tag(TONES[it.state] ?? "plain", say.maybe(`is.${it.state}`) ?? it.state)}
        ${it.kept ? tag("ok", say("keep.title")) : nothing}
        ${[it.subject, it.grade].filter(Boolean).map((text) => tag("plain", text))}
      </p>
    </div>`;
  }

  #body(it: Resource): TemplateResult {
    if (it.state === "removed") return html`<section>${emptiness("library", say("is.removed"))}</section>`;
    if (it.state === "failed" || !settled(it)) return this.#work(it);
    if (it.tracks.length) {
      return keyed(
        it.id,
        html`<tk-watch .rest=${this.rest} .resource=${it} .asked=${this.asked} ?plays=${this.plays} @changed=${() => void this.#again()}>
          ${this.#acts(it)}
          ${it.note ? html`<p class="note" data-testid="note">${icon("help")}<span>${say.maybe(`note.${it.note}`) ?? it.note}</span></p>` : nothing}
          ${this.#facts(it)}
        </tk-watch>`,
      ) as unknown as TemplateResult;
    }
    return html`<section class="paper">
      ${it.kind === "link" && /^https?:\/\//i.test(it.url)
        ? html`<p><a class="button primary" data-testid="open-link" href=${it.url} target="_blank" rel="noopener noreferrer">${icon("right")}${say("link.open")}</a> <span class="url">${it.url}</span></p>`
        : nothing}
      <div class="acts">
        ${it.download ? html`<a class="button" data-testid="download" href=${it.download} download>${icon("save")}${say("watch.download")}</a>` : nothing}
        ${this.#acts(it)}
      </div>
      ${it.slides.length ? this.#pages(it) : nothing}
    </section>
    ${this.#facts(it)}`;
  }

  #work(it: Resource): TemplateResult {
    const bad = it.state === "failed";
    return html`<section>
      <h2>${icon(bad ? "bad" : "clock")}${say(bad ? "making.failed" : "making.title")}</h2>
      <p>${bad ? say(it.may.edit ? "making.failedMine" : "making.failedSay") : say("making.say")}</p>
      <tk-stages .rest=${this.rest} resource=${it.id} ?retries=${it.may.edit}></tk-stages>
      <div class="acts">${this.#acts(it)}</div>
    </section>
    ${this.#facts(it)}`;
  }

  #pages(it: Resource): TemplateResult {
    return html`<ol class="pages" data-testid="pages">
      ${it.slides.map(
        (page, index) => html`<li id="page-${index + 1}"><h3>${say("doc.page", { n: index + 1 })}</h3>
          ${page.image ? html`<img loading="lazy" src=${page.image} alt="" />` : nothing}<p>${page.text || say("doc.noText")}</p></li>`,
      )}
    </ol>`;
  }

  #acts(it: Resource): TemplateResult {
    return html`
      ${it.may.edit ? html`<button slot="acts" type="button" data-testid="edit" @click=${() => void this.#edit(it)}>${icon("edit")}${say("do.edit")}</button>` : nothing}
      ${it.may.remove ? html`<button slot="acts" type="button" data-testid="remove" @click=${() => this.#remove(it)}>${icon("cross")}${say("do.remove")}</button>` : nothing}
    `;
  }

  #facts(it: Resource): TemplateResult {
    const form = this.#forms.find(([code]) => code === it.form)?.[1] ?? it.form;
    const rows: [string, unknown][] = [
      [say("meta.textbook"), [it.textbook, it.unit].filter(Boolean).join(" · ")],
      [say("meta.points"), it.points.join(t("list.comma"))],
      [say("meta.form"), form],
      [say("meta.term"), it.term],
      [say("meta.length"), it.length_ms ? duration(it.length_ms) : ""],
      [say("meta.rights"), say.maybe(`rights.${it.rights}`) ?? ""],
      [say("meta.licence"), it.licence],
      [say("meta.description"), it.description],
      [say("meta.lesson"), it.lesson ? html`<a href=${`/lesson#id=${it.lesson}`}>${say("meta.toLesson")}</a>` : ""],
      [say("meta.clips"), it.clips.length && it.kind !== "clip" ? this.#clips(it) : ""],
    ];
    const shown = rows.filter(([, value]) => value);
    return html`<section data-testid="facts">
      <h2>${icon("file")}${say("meta.facts")}</h2>
      <dl>${shown.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      ${it.kind === "lesson" && it.may.edit ? this.#keeping(it) : nothing}
    </section>`;
  }

  /** Lessons alone are removed for their age. */
  #keeping(it: Resource): TemplateResult {
    return html`<div class="keeping">
      ${tick(
        say("keep.title"),
        html`<input type="checkbox" data-testid="keep" .checked=${live(this.keeps ?? it.kept)} ?disabled=${this.keeps !== null} @change=${(event: Event) => void this.#keep(it, (event.target as HTMLInputElement).checked)} />`,
        say("keep.say"),
      )}
      ${this.problem ? html`<p class="note" role="alert" data-testid="keep-problem">${icon("warn")}<span>${problemText(this.problem)}</span></p>` : nothing}
    </div>`;
  }

  async #keep(it: Resource, kept: boolean): Promise<void> {
    this.keeps = kept;
    this.problem = null;
    try {
      await this.rest.patch(`/resources/${it.id}`, { kept, version: it.version });
    } catch (problem) {
      this.problem = problem;
    }
    await this.#again();
    this.keeps = null;
  }

  #clips(it: Resource): TemplateResult {
    return html`<ul data-testid="clips">
      ${it.clips.map((clip) => html`<li><a href=${openHash(clip.id)}>${clip.title}</a> <small>${duration(clip.starts_ms)}–${duration(clip.ends_ms)}</small></li>`)}
    </ul>`;
  }

  async #edit(it: Resource): Promise<void> {
    this.form = {
      heading: say("do.edit"),
      asks: metadataAsks(it, this.#forms, it.kind),
      action: say("do.save"),
      save: async (said) => {
        await this.rest.patch(`/resources/${it.id}`, { ...metadataOf(said), version: it.version });
        await this.#again();
      },
    };
  }

  #remove(it: Resource): void {
    this.form = {
      heading: say("remove.title", { title: it.title }),
      lead: say(it.kind === "clip" ? "remove.clip" : "remove.say"),
      asks: [],
      action: say("do.remove"),
      danger: true,
      save: async () => {
        await this.rest.delete(`/resources/${it.id}`);
        this.dispatchEvent(new CustomEvent("gone"));
      },
    };
  }

  #again(): Promise<void> {
    this.#stale = true;
    return this.#resource.again();
  }

  async #ask(): Promise<Resource> {
    const known = this.#resource.value;
    if (known && known.id === this.rid && !this.#stale && settled(known)) return known;
    if (!this.#forms.length) this.#forms = await formNames(this.rest);
    const resource = await this.rest.get<Resource>(`/resources/${this.rid}`);
    this.#stale = false;
    this.dispatchEvent(new CustomEvent<string>("named", { detail: resource.title }));
    return resource;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-resource": ResourceView;
  }
}
