/**
 * A resource that plays, with what stands beside it: transcript, slides, chapters, comments; a clip is cut, a second is
 * shared, where she stopped is kept. Sends `opened` with the id of another resource, and `changed`.
 */

import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { duration } from "../lib/format.ts";
import { LangController, lang } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { Rest } from "../lib/rest.ts";
import { parseVtt, type Cue } from "./cues.ts";
import "./cut-form.ts";
import { firstCut, type Cut } from "./handles.ts";
import type { Remark, Resource } from "./model.ts";
import { PlaceKeeper } from "./place.ts";
import "./player.ts";
import type { Player } from "./player.ts";
import "./remarks-pane.ts";
import type { RemarksPane } from "./remarks-pane.ts";
import { shareUrl } from "./route.ts";
import { say } from "./say.ts";
import "./seekbar.ts";
import "./slides-pane.ts";
import type { StopsPane } from "./slides-pane.ts";
import { beginAt, windowOf } from "./sync.ts";
import "./transcript-pane.ts";
import type { TranscriptPane } from "./transcript-pane.ts";
import { watchCss } from "./watch-css.ts";

const PANES = ["words", "slides", "chapters", "remarks"] as const;
type Pane = (typeof PANES)[number];
const SAID_MS = 4_000;

@customElement("tk-watch")
export class Watch extends LitElement {
  static override styles = [baseCss, watchCss];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) resource!: Resource;
  /** As the address says, ms. */
  @property({ attribute: false }) asked: number | null = null;
  /** She came here by a click, so it plays at once. */
  @property({ type: Boolean }) plays = false;
  @state() private pane: Pane = "words";
  @state() private cues: readonly Cue[] = [];
  @state() private remarks: readonly Remark[] = [];
  @state() private cut: Cut | null = null;
  @state() private resumed: number | null = null;
  @state() private said = "";
  @state() private link = "";
  @query("tk-player") private player!: Player;
  #keeper = new PlaceKeeper(0);
  #begin = 0;
  #saying = 0;
  #until: number | null = null;
  #played = false;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pagehide", this.#leave);
    document.addEventListener("visibilitychange", this.#leave);
  }

  override disconnectedCallback(): void {
    this.#leave();
    super.disconnectedCallback();
    removeEventListener("pagehide", this.#leave);
    document.removeEventListener("visibilitychange", this.#leave);
    clearTimeout(this.#saying);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("resource") as Resource | undefined;
    if (changed.has("resource") && before?.id !== this.resource.id) this.#start();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.get("asked") !== undefined && this.asked !== null) {
      this.player.seek(this.asked);
      this.player.play();
    }
  }

  protected override render(): TemplateResult {
    const { resource, rest } = this;
    const window = windowOf(resource);
    return html`<div class="watch">
      <div class="left">
        <tk-player .resource=${resource} .cues=${this.cues} .remarks=${this.remarks} .cut=${this.cut} .begin=${this.#begin} ?plays=${this.plays} @at=${this.#at} @cut=${this.#cuts}></tk-player>
        ${this.resumed === null
          ? nothing
          : html`<p class="note" role="status" data-testid="resumed">${icon("clock")}<span>${say("watch.resumed", { at: duration(this.resumed - window.starts) })}</span>
              <button type="button" data-testid="from-start" @click=${this.#again}>${say("watch.fromStart")}</button></p>`}
        ${resource.kind === "clip" && resource.of
          ? html`<p class="note">${icon("cut")}<span>${say("watch.partOf", { from: duration(window.starts), to: duration(window.ends) })}</span>
              <a class="button" href=${`#r=${resource.of}&t=${window.starts / 1000}`}>${say("watch.whole")}</a></p>`
          : nothing}
        ${this.cut
          ? html`<tk-cut .rest=${rest} .resource=${resource} .cut=${this.cut} .here=${() => this.player.at} @cut=${this.#cuts} @try=${this.#try}
              @dismiss=${() => this.#endCut()} @done=${(event: CustomEvent<{ id: string }>) => this.#cutDone(event.detail.id)}></tk-cut>`
          : nothing}
        <div class="acts">
          <button type="button" data-testid="share" @click=${() => void this.#share()}>${icon("share")}${say("watch.share")}</button>
          ${resource.may.clip && !this.cut
            ? html`<button type="button" data-testid="cut" @click=${() => (this.cut = firstCut(window, this.player.at))}>${icon("cut")}${say("watch.cut")}</button>`
            : nothing}
          ${resource.download ? html`<a class="button" data-testid="download" href=${resource.download} download>${icon("save")}${say("watch.download")}</a>` : nothing}
          <slot name="acts"></slot>
        </div>
        ${resource.kind === "clip" && resource.download ? html`<p class="hint">${say("watch.downloadPart")}</p>` : nothing}
        <p class="said" role="status" aria-live="polite" data-testid="said">${this.said}</p>
        ${this.link ? html`<input class="link" readonly data-testid="share-link" aria-label=${say("watch.link")} .value=${this.link} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} />` : nothing}
      </div>
      <aside aria-label=${say("watch.beside")}>
        <div class="tabs" role="tablist" @keydown=${this.#tabKey}>${this.#panes().map((it) => this.#tab(it))}</div>
        <div class="pane" id="pane" role="tabpanel" aria-labelledby="tab-${this.pane}">
          <tk-transcript ?hidden=${this.pane !== "words"} .rest=${rest} .resource=${resource} @seek=${this.#seek} @corrected=${this.#corrected}></tk-transcript>
          <tk-stops data-pane="slides" ?hidden=${this.pane !== "slides"} .stops=${resource.slides} .starts=${window.starts} none=${say("stops.none")} @seek=${this.#seek}></tk-stops>
          <tk-stops data-pane="chapters" ?hidden=${this.pane !== "chapters"} .stops=${resource.chapters.map((it) => ({ at_ms: it.at_ms, text: it.title, image: "" }))}
            .starts=${window.starts} none=${say("stops.noChapters")} @seek=${this.#seek}></tk-stops>
          <tk-remarks ?hidden=${this.pane !== "remarks"} .rest=${rest} .resource=${resource} @seek=${this.#seek}
            @remarks=${(event: CustomEvent<readonly Remark[]>) => (this.remarks = event.detail)}></tk-remarks>
        </div>
      </aside>
      <div class="below"><slot></slot></div>
    </div>`;
  }

  #panes(): Pane[] {
    const { slides, chapters } = this.resource;
    return PANES.filter((it) => (it === "slides" ? slides.length : it === "chapters" ? chapters.length : true));
  }

  #tab(pane: Pane): TemplateResult {
    const on = pane === this.pane;
    return html`<button type="button" role="tab" id="tab-${pane}" data-testid="tab-${pane}" aria-selected=${String(on)} aria-controls="pane" tabindex=${on ? 0 : -1}
      @click=${() => (this.pane = pane)}>${say(`pane.${pane}`)}</button>`;
  }

  #tabKey = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const panes = this.#panes();
    this.pane = panes[(panes.indexOf(this.pane) + by + panes.length) % panes.length]!;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${this.pane}`)?.focus());
  };

  #start(): void {
    const { resource } = this;
    this.#begin = beginAt(windowOf(resource), this.asked, resource.place_ms);
    this.#keeper = new PlaceKeeper(resource.place_ms ?? windowOf(resource).starts);
    this.#played = false;
    this.resumed = this.asked === null && this.#begin > windowOf(resource).starts ? this.#begin : null;
    this.cut = null;
    this.cues = [];
    this.remarks = [];
    this.link = "";
    if (!this.#panes().includes(this.pane)) this.pane = "words";
    void this.#captions();
  }

  /** Without them the rest plays on; they are an addition. */
  async #captions(): Promise<void> {
    const { captions, id } = this.resource;
    const wanted = captions.find((it) => it.language.startsWith(lang())) ?? captions[0];
    if (!wanted) return;
    try {
      const response = await fetch(wanted.url, { credentials: "same-origin", cache: "no-cache" });
      const text = response.ok ? await response.text() : "";
      if (this.resource.id === id) this.cues = parseVtt(text);
    } catch {
      return;
    }
  }

  #corrected = (): void => {
    void this.#captions();
    this.dispatchEvent(new CustomEvent("changed"));
  };

  #at = (event: CustomEvent<{ at: number; playing: boolean }>): void => {
    const { at, playing } = event.detail;
    this.renderRoot.querySelectorAll<TranscriptPane | StopsPane | RemarksPane>("tk-transcript, tk-stops, tk-remarks").forEach((it) => it.follow(at));
    if (this.#until !== null && at >= this.#until) {
      this.#until = null;
      this.player.pause();
    }
    if (playing && this.resumed !== null && at > this.resumed + SAID_MS) this.resumed = null;
    const stopped = this.#played && !playing;
    this.#played = playing;
    if (playing || stopped) this.#keep(at, stopped);
  };

  #keep(at: number, leaving: boolean): void {
    const place = this.#keeper.due(at, performance.now(), leaving);
    // The next one says it again; nobody is to be told of a place that was not kept.
    if (place !== null) void this.rest.put(`/resources/${this.resource.id}/place`, { at_ms: place }, { keepalive: leaving }).catch(() => undefined);
  }

  #leave = (event?: Event): void => {
    if (this.player && (event?.type === "pagehide" || document.visibilityState === "hidden" || !this.isConnected)) this.#keep(this.player.at, true);
  };

  #seek = (event: CustomEvent<number>): void => {
    this.player.seek(event.detail);
  };

  #again = (): void => {
    this.resumed = null;
    this.player.seek(windowOf(this.resource).starts);
    this.player.play();
  };

  #cuts = (event: CustomEvent<Cut>): void => {
    event.stopPropagation();
    this.cut = event.detail;
  };

  #try = (): void => {
    if (!this.cut) return;
    this.player.seek(this.cut.from);
    this.#until = this.cut.to;
    this.player.play();
  };

  #endCut(): void {
    this.cut = null;
    this.#until = null;
  }

  #cutDone(id: string): void {
    this.#endCut();
    this.player.pause();
    this.dispatchEvent(new CustomEvent<string>("opened", { detail: id, bubbles: true, composed: true }));
  }

  async #share(): Promise<void> {
    const url = shareUrl(location.origin, this.resource.id, this.player.at);
    const at = duration(this.player.at - windowOf(this.resource).starts);
    try {
      await navigator.clipboard.writeText(url);
      this.link = "";
      this.#tell(say("watch.copied", { at }));
    } catch {
      // Without a secure page there is no clipboard; it is selected for copying by hand then.
      this.link = url;
      this.#tell(say("watch.copy", { at }));
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLInputElement>(".link")?.focus();
    }
  }

  #tell(said: string): void {
    this.said = said;
    clearTimeout(this.#saying);
    this.#saying = window.setTimeout(() => (this.said = ""), SAID_MS);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-watch": Watch;
  }
}
