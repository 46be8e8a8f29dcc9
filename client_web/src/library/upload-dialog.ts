/** A file is added to the library: chosen, described, sent with its progress. Sends `done` with the new resource's id, and `dismiss`. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import { dropCss } from "../components/drop-css.ts";
import { field, fieldCss } from "../components/field.ts";
import { firstValues, type Ask } from "../components/form-dialog.ts";
import { percent } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { problemText } from "../lib/problems.ts";
import { cancelled, newKey, type Rest } from "../lib/rest.ts";
import { metadataAsks, metadataOf } from "./metadata.ts";
import { say } from "./say.ts";
import { megabytes, titleOf, upload } from "./upload.ts";

/** What is asked before it is sent; the rest can be said when it is there. */
const FIRST = ["title", "subject", "grade", "unit", "teacher_name", "rights"];
const KINDS = "video/*,audio/*,.pdf,.pptx,.docx,.mkv,.mp4,.webm,.mov,.mp3,.m4a,.ogg,.wav";

@customElement("tk-upload")
export class UploadDialog extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    css`
      ${dropCss}
      .drop {
        margin-top: var(--s4);
      }
      .drop.lacks {
        border-color: var(--bad);
      }
      .lacks strong {
        color: var(--bad);
      }
      progress {
        width: 100%;
        height: 12px;
        margin-top: var(--s4);
        accent-color: var(--accent);
      }
      .far {
        color: var(--text-2);
        font-variant-numeric: tabular-nums;
      }
      .held {
        margin-top: var(--s3);
        color: var(--warn);
      }
      .problem {
        margin-top: var(--s4);
        padding: var(--s3) var(--s4);
        border-radius: var(--radius-s);
        background: var(--bad-soft);
        color: var(--bad);
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @state() private file: File | null = null;
  @state() private said: Record<string, string | boolean> = {};
  @state() private over = false;
  @state() private sent: number | null = null;
  @state() private lacks = "";
  @state() private problem: unknown = null;
  /** She tried to leave while it is sent. */
  @state() private held = false;
  #asks: readonly Ask[] = [];
  #abort: AbortController | null = null;
  #key = newKey();

  constructor() {
    super();
    new LangController(this);
    this.#asks = metadataAsks({}, []).filter((ask) => FIRST.includes(ask.name));
    this.said = firstValues(this.#asks);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("beforeunload", this.#closing);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("beforeunload", this.#closing);
    this.#abort?.abort();
  }

  protected override render(): TemplateResult {
    const sending = this.sent !== null;
    return html`<tk-dialog heading=${say("upload.title")} testid="upload" @dismiss=${this.#dismiss}>
      ${sending ? this.#progress() : this.#form()}
      ${this.problem ? html`<p class="problem" role="alert" data-testid="upload-problem">${problemText(this.problem)}</p>` : nothing}
      <button slot="actions" type="button" data-testid="upload-cancel" @click=${this.#stop}>${say(sending ? "upload.stop" : "do.cancel")}</button>
      ${sending ? nothing : html`<button slot="actions" type="button" class="primary" data-testid="upload-send" @click=${() => void this.#send()}>${icon("load")}${say("upload.send")}</button>`}
    </tk-dialog>`;
  }

  #form(): TemplateResult {
    return html`
      <label class="drop ${this.over ? "over" : ""} ${this.lacks === "file" ? "lacks" : ""}" @dragover=${this.#drag} @dragleave=${() => (this.over = false)} @drop=${this.#drop}>
        ${icon("load")}
        <strong role=${this.lacks === "file" ? "alert" : nothing}>${this.lacks === "file" ? say("upload.needed") : (this.file?.name ?? say("upload.drop"))}</strong>
        <span>${this.file ? megabytes(this.file.size) : say("upload.kinds")}</span>
        <input type="file" class="sr" autofocus accept=${KINDS} data-testid="upload-file" aria-label=${say("upload.file")} aria-invalid=${String(this.lacks === "file")} @change=${this.#chosen} />
      </label>
      ${this.#asks.map((ask) => this.#ask(ask))}
    `;
  }

  #ask(ask: Ask): TemplateResult {
    const value = String(this.said[ask.name] ?? "");
    const hear = (event: Event): void => {
      this.said = { ...this.said, [ask.name]: (event.target as HTMLInputElement).value };
      if (this.lacks === ask.name) this.lacks = "";
    };
    const control =
      ask.kind === "select"
        ? html`<select data-testid="upload-${ask.name}" @change=${hear}>${ask.options.map(([code, name]) => html`<option value=${code} ?selected=${code === value}>${name}</option>`)}</select>`
        : html`<input data-testid="upload-${ask.name}" maxlength=${(ask.kind === "text" && ask.most) || nothing} aria-invalid=${String(this.lacks === ask.name)} .value=${value} @input=${hear} />`;
    return field(ask.label, control, this.lacks === ask.name ? { error: say("upload.titleNeeded") } : {});
  }

  #progress(): TemplateResult {
    const all = this.file?.size ?? 0;
    const sent = this.sent ?? 0;
    return html`<p class="far" role="status">${this.file?.name}</p>
      <progress data-testid="upload-progress" max=${Math.max(1, all)} .value=${sent} aria-label=${say("upload.title")}></progress>
      <p class="far">${sent < all ? say("upload.sent", { sent: megabytes(sent), all: megabytes(all), percent: percent(sent / Math.max(1, all)) }) : say("upload.checking")}</p>
      ${this.held ? html`<p class="held" role="alert" data-testid="upload-held">${say("upload.held")}</p>` : nothing}`;
  }

  #drag = (event: DragEvent): void => {
    event.preventDefault();
    this.over = true;
  };

  #drop = (event: DragEvent): void => {
    event.preventDefault();
    this.over = false;
    const file = event.dataTransfer?.files[0];
    if (file) this.#take(file);
  };

  #chosen = (event: Event): void => {
    this.#take((event.target as HTMLInputElement).files?.[0]);
  };

  #take(file: File | undefined): void {
    this.file = file ?? null;
    this.lacks = "";
    this.#key = newKey();
    if (file && !this.said["title"]) this.said = { ...this.said, title: titleOf(file.name) };
  }

  async #send(): Promise<void> {
    const { file } = this;
    const said = Object.fromEntries(Object.entries(this.said).map(([name, value]) => [name, typeof value === "string" ? value.trim() : value]));
    this.lacks = !file ? "file" : said["title"] ? "" : "title";
    if (!file || this.lacks) return;
    this.problem = null;
    this.sent = 0;
    this.held = false;
    this.#abort = new AbortController();
    try {
      const { signal } = this.#abort;
      const query = { name: file.name, ...metadataOf(said) };
      const { id } = await upload(this.rest, file, query, { key: this.#key, signal, progress: (sent) => (this.sent = sent) });
      this.dispatchEvent(new CustomEvent<string>("done", { detail: id }));
    } catch (problem) {
      if (!cancelled(problem)) this.problem = problem;
    }
    this.sent = null;
    this.#abort = null;
  }

  /** While it is sent this gives it up, and the form is there again. */
  #stop = (): void => {
    if (this.#abort) this.#abort.abort();
    else this.dispatchEvent(new CustomEvent("dismiss"));
  };

  /** A key or a touch beside it does not end what may have taken an hour. */
  #dismiss = (): void => {
    if (this.#abort) this.held = true;
    else this.dispatchEvent(new CustomEvent("dismiss"));
  };

  #closing = (event: BeforeUnloadEvent): void => {
    if (this.#abort) event.preventDefault();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-upload": UploadDialog;
  }
}
