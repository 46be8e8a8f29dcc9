/**
 * Plays a resource: camera and screen side by side, either of them large, captions below them, the time line and its buttons.
 * Sends `at` with the time on the line (ms) whenever it may be another one, and `stopped` when it came to rest.
 */

import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import { duration } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { cueAt, type Cue } from "./cues.ts";
import { Deck } from "./deck.ts";
import type { Cut } from "./handles.ts";
import { KEYS, SPEEDS, actionOf, nextSpeed, type Action, type Focus } from "./keys.ts";
import { keep, liking, type Liking } from "./kept.ts";
import type { Remark, Resource, Track } from "./model.ts";
import { playerCss } from "./player-css.ts";
import { say } from "./say.ts";
import { gapText } from "./seekbar.ts";
import { cellsOf, leaderOf, roleOf, thereOf, windowOf, type Cell } from "./sync.ts";

const LITTLE_MS = 5_000;
const FAR_MS = 10_000;
const LOUDER = 0.1;

/** An iPhone shows a video alone over the whole screen, and nothing else. */
interface PhoneVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

@customElement("tk-player")
export class Player extends LitElement {
  static override styles = [baseCss, playerCss];

  @property({ attribute: false }) resource!: Resource;
  @property({ attribute: false }) cues: readonly Cue[] = [];
  @property({ attribute: false }) remarks: readonly Remark[] = [];
  @property({ attribute: false }) cut: Cut | null = null;
  /** Where to begin, ms. */
  @property({ type: Number }) begin = 0;
  /** Begins to play by itself, if the browser lets it. */
  @property({ type: Boolean }) plays = false;
  /** Which picture is large; `both`: as large as the other. */
  @state() private large = "";
  @state() private like: Liking = liking();
  @state() private helps = false;
  @query(".stage") private stage!: HTMLElement;
  #deck: Deck | null = null;
  #played = false;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.#key);
    document.addEventListener("fullscreenchange", this.#look);
    if (this.hasUpdated) this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.#key);
    document.removeEventListener("fullscreenchange", this.#look);
    this.#deck?.detach();
    this.#deck = null;
  }

  /** ms on the line. */
  get at(): number {
    return this.#deck?.at ?? this.begin;
  }

  get playing(): boolean {
    return this.#deck?.playing ?? false;
  }

  seek(at_ms: number): void {
    this.#deck?.seek(at_ms);
  }

  play(): void {
    this.#deck?.play();
  }

  pause(): void {
    this.#deck?.pause();
  }

  protected override willUpdate(): void {
    const names = this.#cells().filter((it) => this.#shows(it)).map((it) => it.role);
    // What is written is read; who speaks is looked at beside it. Also when a called classroom that was large has left.
    if (this.large !== "both" && !names.includes(this.large)) this.large = names.includes("screen") ? "screen" : (names[0] ?? "");
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("resource") as Resource | undefined;
    if (changed.has("resource") && before?.id !== this.resource.id) this.#load();
  }

  protected override render(): TemplateResult {
    const { resource } = this;
    const cells = this.#cells();
    const pictures = cells.filter((it) => this.#shows(it));
    const sounds = resource.tracks.filter((it) => !it.media_type.startsWith("video/"));
    const layout = pictures.length < 2 ? "one" : this.large === "both" ? "both" : "large";
    return html`<div class="stage" data-testid="stage" data-layout=${layout} data-large=${this.large} data-playing=${String(this.playing)}>
      <div class="pictures ${layout}">
        ${repeat(cells, (it) => it.role, (it) => this.#picture(it, pictures.length < 2))}
        ${cells.length ? nothing : html`<div class="picture sound">${icon("call")}<span>${say("play.soundOnly")}</span></div>`}
        ${this.#over()}
      </div>
      ${sounds.map((it) => html`<audio preload="auto" data-track=${it.name} src=${it.url}></audio>`)}
      ${this.like.captions && this.cues.length ? html`<p class="captions" data-testid="caption">${cueAt(this.cues, this.at)}</p>` : nothing}
      ${this.#bar(pictures)}
      ${this.helps ? this.#help() : nothing}
    </div>`;
  }

  #cells(): Cell<Track>[] {
    return cellsOf(this.resource.tracks.filter((it) => it.media_type.startsWith("video/")));
  }

  /** A called classroom is there while it is; its place is not kept for it all lesson long. */
  #shows({ role, tracks }: Cell<Track>): boolean {
    return !role.startsWith("classroom") || thereOf(tracks, this.at) === "during";
  }

  #picture(cell: Cell<Track>, alone: boolean): TemplateResult {
    const { role, tracks } = cell;
    const there = thereOf(tracks, this.at);
    const name = say.maybe(`track.${role}`) ?? say("track.classroom", { n: role.replace(/\D/g, "") });
    const isLarge = alone || this.large === role;
    const begins = Math.min(...tracks.map((it) => it.offset_ms)) - windowOf(this.resource).starts;
    return html`<div class="picture ${isLarge ? "main" : "beside"} ${there}" data-testid="picture-${role}" ?hidden=${!this.#shows(cell)}>
      ${tracks.map((it) => this.#video(it, name, () => (isLarge || this.large === "both" ? this.#toggle() : (this.large = role))))}
      ${there === "during" ? nothing : html`<p class="away">${there === "before" ? say("play.later", { name, at: duration(begins) }) : say("play.over", { name })}</p>`}
      ${isLarge
        ? nothing
        : html`<button type="button" class="enlarge" data-testid="enlarge-${role}" title=${say("play.enlarge", { name })} aria-label=${say("play.enlarge", { name })}
            @click=${() => (this.large = role)}>${icon("full")}</button>`}
    </div>`;
  }

  /** What is shared has no voice; a camera, and that of a called classroom, has. */
  #video(track: Track, name: string, pressed: () => void): TemplateResult {
    const leads = leaderOf(this.resource.tracks) === track;
    const mute = this.like.muted || roleOf(track.name).endsWith("screen");
    return html`<video class=${this.#deck?.there(track) ?? "during"} preload="auto" playsinline data-testid="video-${track.name}" data-track=${track.name} src=${track.url}
      aria-label=${name} .muted=${mute} poster=${leads && this.resource.poster ? this.resource.poster : nothing} @click=${pressed}></video>`;
  }

  /** Over the pictures, where one has to do something or to wait. */
  #over(): TemplateResult | typeof nothing {
    const deck = this.#deck;
    if (!deck) return nothing;
    if (deck.broken) {
      return html`<div class="over" role="alert" data-testid="play-broken"><p>${say("play.broken")}</p>
        <button type="button" class="primary" @click=${() => deck.retry()}>${icon("link")}${say("play.again")}</button></div>`;
    }
    if (deck.waits) return html`<div class="over quiet late" role="status"><p>${say("play.waits")}</p></div>`;
    const gap = this.resource.gaps.find((it) => deck.at >= it.starts_ms && deck.at < it.ends_ms);
    if (gap) return html`<div class="over quiet" role="status" data-testid="in-gap"><p>${icon("warn")} ${gapText(gap)}</p></div>`;
    if (!this.#played && !deck.playing) {
      return html`<button type="button" class="big" data-testid="big-play" aria-label=${say("play.play")} @click=${() => this.#toggle()}>${icon("play")}</button>`;
    }
    return nothing;
  }

  #bar(pictures: readonly Cell<Track>[]): TemplateResult {
    const { resource, like } = this;
    const window = windowOf(resource);
    const loud = !like.muted && like.volume > 0;
    const press = (mark: IconName, action: Action, label: string, pressed?: boolean): TemplateResult =>
      html`<button type="button" class="flat" data-testid="do-${action}" aria-label=${label} title=${`${label} (${KEYS[action][0]})`} aria-pressed=${pressed === undefined ? nothing : String(pressed)}
        @click=${() => this.#do(action, 0)}>${icon(mark)}</button>`;
    return html`<div class="bar">
      <tk-seekbar .at=${this.at} .window=${window} .loaded=${this.#deck?.loaded ?? []} .chapters=${resource.chapters} .gaps=${resource.gaps}
        .remarks=${this.remarks} .strip=${resource.strip} .cut=${this.cut} @seek=${(event: CustomEvent<number>) => this.seek(event.detail)}></tk-seekbar>
      <div class="row" role="group" aria-label=${say("play.controls")}>
        ${press(this.playing ? "pause" : "play", "toggle", say(this.playing ? "play.pause" : "play.play"))}
        <span class="time" data-testid="time">${duration(this.at - window.starts)} / ${duration(window.ends - window.starts)}</span>
        <span class="grow"></span>
        ${press(loud ? "call" : "silent", "mute", say(loud ? "play.mute" : "play.unmute"))}
        <input class="volume" type="range" min="0" max="1" step="0.05" aria-label=${say("play.volume")} .value=${String(like.muted ? 0 : like.volume)}
          @input=${(event: Event) => this.#likes({ volume: Number((event.target as HTMLInputElement).value), muted: false })} />
        <select class="flat" data-testid="speed" aria-label=${say("play.speed")} @change=${(event: Event) => this.#likes({ rate: Number((event.target as HTMLSelectElement).value) })}>
          ${SPEEDS.map((it) => html`<option value=${it} ?selected=${it === like.rate}>${it}×</option>`)}
        </select>
        ${this.cues.length ? press("captions", "captions", say("play.captions"), like.captions) : nothing}
        ${pictures.length > 1 ? press("swap", "swap", say("play.swap")) : nothing}
        ${press("help", "help", say("play.help"))}
        ${press("full", "full", say("play.full"), Boolean(document.fullscreenElement))}
      </div>
    </div>`;
  }

  #help(): TemplateResult {
    return html`<tk-dialog heading=${say("play.help")} testid="keys" @dismiss=${() => (this.helps = false)}>
      <dl class="keys" data-testid="keys-list">
        ${(Object.keys(KEYS) as Action[]).map((action) => html`<dt>${KEYS[action].map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${say(`key.${action}`)}</dd>`)}
      </dl>
    </tk-dialog>`;
  }

  #load(): void {
    this.#deck?.detach();
    this.#played = false;
    const deck = new Deck(windowOf(this.resource), this.#look);
    this.#deck = deck;
    const media = [...this.renderRoot.querySelectorAll<HTMLMediaElement>("[data-track]")].flatMap((element) => {
      const track = this.resource.tracks.find((it) => it.name === element.dataset["track"]);
      // After `detach` an element has forgotten what it loads.
      if (track && element.getAttribute("src") !== track.url) element.src = track.url;
      return track ? [{ track, element }] : [];
    });
    deck.attach(media);
    deck.seek(this.begin);
    this.#likes({});
    if (this.plays) deck.play();
  }

  #look = (): void => {
    if (this.playing) this.#played = true;
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent<{ at: number; playing: boolean }>("at", { detail: { at: this.at, playing: this.playing } }));
  };

  #likes(change: Partial<Liking>): void {
    this.like = { ...this.like, ...change };
    keep(this.like);
    this.renderRoot.querySelectorAll<HTMLMediaElement>("[data-track]").forEach((it) => {
      it.volume = this.like.volume;
      if (it instanceof HTMLAudioElement) it.muted = this.like.muted;
    });
    this.#deck?.speed(this.like.rate);
  }

  #toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  #do(action: Action, tenth: number): void {
    const { at, like } = this;
    const { starts, ends } = windowOf(this.resource);
    const acts: Readonly<Record<Action, () => void>> = {
      toggle: () => this.#toggle(),
      back: () => this.seek(at - LITTLE_MS),
      on: () => this.seek(at + LITTLE_MS),
      farBack: () => this.seek(at - FAR_MS),
      farOn: () => this.seek(at + FAR_MS),
      louder: () => this.#likes({ volume: Math.min(1, like.volume + LOUDER), muted: false }),
      quieter: () => this.#likes({ volume: Math.max(0, like.volume - LOUDER) }),
      mute: () => this.#likes({ muted: !like.muted, volume: like.volume || 1 }),
      captions: () => this.#likes({ captions: !like.captions }),
      full: () => void this.#full(),
      swap: () => this.#swap(),
      slower: () => this.#likes({ rate: nextSpeed(like.rate, -1) }),
      faster: () => this.#likes({ rate: nextSpeed(like.rate, 1) }),
      tenth: () => this.seek(starts + ((ends - starts) * tenth) / 10),
      help: () => (this.helps = !this.helps),
    };
    acts[action]();
  }

  #swap(): void {
    const names = [...this.#cells().filter((it) => this.#shows(it)).map((it) => it.role), "both"];
    this.large = names[(names.indexOf(this.large) + 1) % names.length]!;
  }

  async #full(): Promise<void> {
    const stage: Partial<Pick<HTMLElement, "requestFullscreen">> & ParentNode = this.stage;
    const video = stage.querySelector<PhoneVideo>(".main video.during") ?? stage.querySelector<PhoneVideo>("video");
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else if (stage.requestFullscreen) await stage.requestFullscreen();
      else video?.webkitEnterFullscreen?.();
    } catch {
      return; // a browser that refuses leaves everything as it is
    }
  }

  #key = (event: KeyboardEvent): void => {
    const [target] = event.composedPath();
    const pressed = actionOf(event, target instanceof Element ? focusOf(target, event) : "else");
    if (!pressed || event.defaultPrevented || (this.helps && pressed.action !== "help") || inDialog(event)) return;
    event.preventDefault();
    this.#do(pressed.action, pressed.tenth);
  };
}

function focusOf(element: Element, event: Event): Focus {
  if (element.matches("input[type=range]")) return "else";
  if (element.matches("input, textarea, select, [contenteditable]")) return "text";
  if (event.composedPath().some((it) => it instanceof HTMLElement && it.localName === "aside")) return "list";
  return element.matches("button, a, summary, [role=tab]") ? "button" : "else";
}

/** A form above the page has the keys, but for the player's own list of them. */
function inDialog(event: Event): boolean {
  return event.composedPath().some((it) => it instanceof HTMLDialogElement && it.dataset["testid"] !== "keys");
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-player": Player;
  }
}
