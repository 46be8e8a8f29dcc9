/** One lesson on the display at the front of the room. Answers one question: what is being taught? */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../components/captions.ts";
import "../components/picture.ts";
import "../components/sound.ts";
import { baseCss } from "../components/base-css.ts";
import { LangController, t, type Key } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import type { PageParams } from "../lib/params.ts";
import { Times } from "../lib/times.ts";
import { classroomCss } from "./classroom-css.ts";
import "../components/recording.ts";
import "./overlay.ts";
import { loudness } from "./remote.ts";
import { ClassroomSession } from "./session.ts";
import type { Layout, Phase, View } from "./view.ts";

/** Every state is a word, an icon and a colour. */
const PHASES: Readonly<Record<Phase, { text: Key; icon: IconName; tone: "ok" | "warn" | "bad" | "calm" }>> = {
  noToken: { text: "state.noToken", icon: "bad", tone: "bad" },
  token: { text: "state.token", icon: "bad", tone: "bad" },
  forbidden: { text: "state.forbidden", icon: "bad", tone: "bad" },
  replaced: { text: "state.replaced", icon: "warn", tone: "warn" },
  notOpen: { text: "state.notOpen", icon: "clock", tone: "calm" },
  cancelled: { text: "state.cancelled", icon: "check", tone: "calm" },
  refused: { text: "state.refused", icon: "bad", tone: "bad" },
  connecting: { text: "state.connecting", icon: "link", tone: "calm" },
  reconnecting: { text: "state.reconnecting", icon: "link", tone: "bad" },
  waiting: { text: "state.waiting", icon: "clock", tone: "calm" },
  live: { text: "state.live", icon: "live", tone: "ok" },
  weak: { text: "state.weak", icon: "line", tone: "warn" },
  interrupted: { text: "state.interrupted", icon: "clock", tone: "warn" },
  ended: { text: "state.ended", icon: "check", tone: "calm" },
};

/** The sentence on the waiting page: what is awaited, or what went wrong and what to do. */
const SENTENCES: Partial<Record<Phase, Key>> = {
  noToken: "say.noToken",
  token: "say.token",
  forbidden: "say.forbidden",
  replaced: "say.replaced",
  notOpen: "say.notOpen",
  cancelled: "say.cancelled",
  connecting: "say.connecting",
  reconnecting: "say.reconnecting",
  waiting: "say.waiting",
  ended: "say.ended",
};

const POINTER_MS = 3_000;

/** `closed`: the session's `closed` became something else than null. */
@customElement("tk-lesson")
export class LessonView extends LitElement {
  static override styles = [baseCss, classroomCss];

  /** Read once, when the element is put into the document. */
  @property({ attribute: false }) params!: PageParams;
  @state() private overlay = false;
  #session!: ClassroomSession;
  readonly #times = new Times();
  #pointerTimer = 0;
  #ticking = 0;
  #closed = false;
  /** Reflected for what lies over it: `idle` while there is no picture. */
  @property({ reflect: true }) layout: Layout = "idle";
  readonly #onMove = (): void => this.#showPointer();
  readonly #onDown = (): void => this.#unblockSound();
  readonly #onPress = (event: KeyboardEvent): void => this.#onKey(event);

  constructor() {
    super();
    new LangController(this);
  }

  get session(): ClassroomSession {
    return this.#session;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.overlay = this.params.overlay;
    this.#session = new ClassroomSession(
      this.params,
      () => this.#onChange(),
      () => this.#eachPicture(),
    );
    addEventListener("pointermove", this.#onMove);
    addEventListener("keydown", this.#onPress);
    addEventListener("pointerdown", this.#onDown);
    this.#ticking = window.setInterval(() => this.requestUpdate(), 1_000);
    this.#session.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pointermove", this.#onMove);
    removeEventListener("keydown", this.#onPress);
    removeEventListener("pointerdown", this.#onDown);
    clearInterval(this.#ticking);
    clearTimeout(this.#pointerTimer);
    this.#closed = true; // what the session says while it is taken down is nobody's business
    this.#session.dispose();
  }

  #onChange(): void {
    this.requestUpdate();
    if (this.#closed || this.#session.closed === null) return;
    this.#closed = true;
    this.dispatchEvent(new CustomEvent("closed", { detail: this.#session.closed }));
  }

  protected override willUpdate(): void {
    this.#times.use(this.params.zone ?? "");
    this.layout = this.#session.view.layout;
  }

  protected override render(): TemplateResult {
    const view = this.#session.view;
    const { soundBlocked, display } = this.#session;
    const volume = loudness(display);
    return html`
      ${this.#banner(view)} ${view.layout === "idle" ? this.#idle(view) : nothing} ${this.#stage(view)}
      <tk-sound testid="slot-teacher-audio" .volume=${volume} .track=${this.#session.track("teacher", "audio")} @sound-blocked=${this.#onBlocked}
        @sound-playing=${this.#onPlaying}></tk-sound>
      <tk-sound testid="slot-called-audio" .volume=${volume} .track=${this.#session.track("called", "audio")} @sound-blocked=${this.#onBlocked}
        @sound-playing=${this.#onPlaying}></tk-sound>
      ${soundBlocked && view.layout !== "idle"
        ? html`<button class="tap" data-testid="tap-for-sound" @click=${this.#unblockSound}>${icon("call")}${t("sound.tap")}</button>`
        : nothing}
      ${this.#bar(view)}
      ${this.overlay
        ? html`<tk-overlay .slots=${this.#session.slots} .digests=${this.#session.digests}></tk-overlay>`
        : nothing}
    `;
  }

  #idle(view: View): TemplateResult {
    const { room, params } = this.#session;
    const now = Date.now() + room.clockOffset;
    const sentence = SENTENCES[view.phase];
    return html`
      <main class="idle" data-testid="idle">
        <p class="time">${this.#times.clock(now)}</p>
        <p class="date">${this.#times.date(now)}</p>
        <h1>${view.phase === "ended" ? t("ended.title") : params.title || room.name || params.room || t("app.name")}</h1>
        ${sentence ? html`<p class="say">${t(sentence)}</p>` : nothing}
        ${view.phase === "replaced"
          ? html`<button class="primary" data-testid="take-back" @click=${() => this.#session.socket.start()}>
              ${t("action.useHere")}
            </button>`
          : nothing}
      </main>
    `;
  }

  /** Stays in the document, hidden, while there is no lesson: its pictures keep their frames. */
  #stage(view: View): TemplateResult {
    const { local } = this.#session.display;
    const screen = view.layout === "screen";
    // Taken over: the classroom's own lesson has the largest place, the teacher's goes on beside it.
    const extra = !local && (view.showCalled || view.calledHere);
    const largest = local || screen;
    const beside = local ? screen : extra;
    const classes = ["stage", largest || extra ? "side" : "", largest !== beside ? "single" : ""].join(" ");
    return html`
      <main class=${classes} ?hidden=${view.layout === "idle"}>
        <section class="local" ?hidden=${!local} data-testid="local">
          ${icon("people")}
          <h1>${t("local.title")}</h1>
          <p>${t("local.say")}</p>
          <button data-testid="local-end" @click=${() => this.#session.endLocal()}>${t("local.end")}</button>
        </section>
        <figure class=${local ? "one" : "main"} ?hidden=${!screen}>${this.#picture("screen", screen)}</figure>
        <figure class=${local && screen ? "two" : largest ? "one" : "main"}>
          ${this.#picture("camera", view.layout !== "idle")}
          <figcaption>${icon("camera")}<span>${this.#leadName()}</span></figcaption>
        </figure>
        <figure class="${screen ? "two" : "one"} talking" ?hidden=${local || !view.showCalled}>
          ${this.#picture("called", view.showCalled)}
          <figcaption>${icon("call")}<span>${this.#calledName()}</span></figcaption>
        </figure>
        <figure class="${screen ? "two" : "one"} talking" ?hidden=${local || !view.calledHere}>${this.#self(view)}</figure>
        <tk-captions class=${local ? "one" : "main"} .captions=${view.layout === "idle" ? null : this.#session.room.captions}></tk-captions>
      </main>
    `;
  }

  /** @param keep it has a place now: its last frame stays when its track goes. */
  #picture(name: "camera" | "screen" | "called", keep: boolean): TemplateResult {
    const slot = this.#session.slot(name, "video");
    return html`
      <div class="frame">
        <tk-picture ?keep=${keep} testid="slot-${name}" label=${t(`slot.${name}`)}
          .track=${this.#session.track(name, "video")} ?cover=${name === "called"}>${t("slot.loading")}</tk-picture>
        ${slot?.status === "unsupported"
          ? html`<div class="instead" data-testid="unsupported-${name}">
              ${icon("warn")}${t("slot.unsupported", { codec: slot.codec ?? "" })}
            </div>`
          : nothing}
        ${name === "camera" && this.#session.cameraGone
          ? html`<div class="instead">${icon("cameraOff")}${t("slot.noCamera")}</div>`
          : nothing}
      </div>
    `;
  }

  /** Our own picture, in the called classroom's place, while everybody sees and hears us. */
  #self(view: View): TemplateResult {
    const { camera } = this.#session.devices.tracks;
    return html`
      <div class="frame">
        <tk-picture cover testid="self" label=${t("slot.self")} .track=${view.calledHere ? camera : null}></tk-picture>
        ${camera ? nothing : html`<div class="instead">${icon("cameraOff")}${t("device.camera.missing")}</div>`}
      </div>
      <figcaption>${icon("call")}<span>${t("slot.self")}</span></figcaption>
    `;
  }

  #banner(view: View): TemplateResult | typeof nothing {
    if (!view.calledHere) return nothing;
    const muted = this.#session.room.participants.get(this.#session.room.me)?.muted ?? false;
    const missing = !this.#session.devices.tracks.microphone;
    const off = !this.#session.display.microphone;
    const silent = muted || missing || off;
    const text: Key = muted ? "called.muted" : missing ? "called.noMicrophone" : off ? "called.off" : "called.heard";
    return html`<div class="banner ${silent ? "off" : ""}" role="status" data-testid="called-banner">
      ${icon(silent ? "microphoneOff" : "call")}${t(text)}
    </div>`;
  }

  #bar(view: View): TemplateResult {
    const phase = PHASES[view.phase];
    const { room, socket } = this.#session;
    const idle = view.layout === "idle";
    return html`
      <footer>
        <div class="state ${phase.tone}" role="status" data-testid="state" data-phase=${view.phase}>
          ${icon(phase.icon)}<span>${t(phase.text, { n: view.attempt })}</span>
        </div>
        <div class="lesson">${idle ? (this.params.title ? room.name : room.room) : this.#leadName()}</div>
        <div class="notes">${this.#notes()}</div>
        <tk-recording .recording=${room.recording} .me=${room.me}></tk-recording>
        ${socket.status.state === "open" && (room.lesson.state === "live" || room.lesson.state === "interrupted")
          ? html`<button data-testid="hand" aria-pressed=${String(this.#session.handUp)} aria-keyshortcuts="h"
              @click=${() => this.#session.raiseHand()}>
              ${icon("hand")}${t(this.#session.handUp ? "hand.up" : "hand.raise")}
            </button>`
          : nothing}
        <slot name="bar"></slot>
        ${idle ? nothing : html`<div class="here">${room.name}</div>`}
        ${idle ? nothing : html`<div class="clock">${this.#times.clock(Date.now() + room.clockOffset)}</div>`}
      </footer>
    `;
  }

  /** What is missing here, said discreetly: the lesson goes on without it. */
  #notes(): TemplateResult[] {
    const { state: devices, tracks } = this.#session.devices;
    const notes: TemplateResult[] = [];
    const note = (name: IconName, key: Key): void => void notes.push(html`<span>${icon(name)}${t(key)}</span>`);
    const wanting = (kind: "camera" | "microphone"): boolean => !tracks[kind] && !["off", "asking", "on"].includes(devices[kind]);
    if (devices.camera === "insecure") note("cameraOff", "device.insecure");
    else {
      if (wanting("camera")) note("cameraOff", devices.camera === "denied" ? "device.camera.denied" : "device.camera.missing");
      if (wanting("microphone")) {
        note("microphoneOff", devices.microphone === "denied" ? "device.microphone.denied" : "device.microphone.missing");
      }
    }
    const me = this.#session.room.participants.get(this.#session.room.me);
    if (me?.muted && tracks.microphone) note("microphoneOff", "muted.byTeacher");
    const { display } = this.#session;
    if (!display.microphone && tracks.microphone) note("microphoneOff", "muted.here");
    if (!display.loudspeaker || display.volume === 0) note("silent", "quiet.here");
    return notes;
  }

  #leadName(): string {
    const { room } = this.#session;
    const name = room.lesson.lead ? room.participants.get(room.lesson.lead)?.name : undefined;
    return name ? t("lead.name", { name }) : t("slot.camera");
  }

  #calledName(): string {
    const { room } = this.#session;
    return (room.called && room.participants.get(room.called)?.name) || t("slot.called");
  }

  #eachPicture(): void {
    for (const picture of this.renderRoot.querySelectorAll("tk-picture")) picture.freeze();
  }

  #onBlocked(): void {
    this.#session.soundBlocked = true;
    this.requestUpdate();
  }

  #onPlaying(): void {
    this.#session.soundBlocked = false;
    this.requestUpdate();
  }

  #unblockSound(): void {
    if (!this.#session.soundBlocked) return;
    for (const sound of this.renderRoot.querySelectorAll("tk-sound")) void sound.play();
  }

  /** Nobody wants an arrow on the slides. */
  #showPointer(): void {
    this.classList.add("pointed");
    clearTimeout(this.#pointerTimer);
    this.#pointerTimer = window.setTimeout(() => this.classList.remove("pointed"), POINTER_MS);
  }

  #onKey(event: KeyboardEvent): void {
    this.#unblockSound();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "i") this.overlay = !this.overlay;
    else if (event.key === "h") this.#session.raiseHand();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-lesson": LessonView;
  }
}
