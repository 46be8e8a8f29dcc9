/** One lesson, for the lead teacher. Answers one question: do they see and hear me? */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { w as captionsSay } from "../components/captions.ts";
import "../components/meter.ts";
import "../components/picture.ts";
import "../components/sound.ts";
import { baseCss } from "../components/base-css.ts";
import * as format from "../lib/format.ts";
import { LangController, lang, setLang, t, type Key } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { decodeToken, type PageParams } from "../lib/params.ts";
import type { Participant } from "../lib/protocol.ts";
import { meterPosition } from "../lib/stats.ts";
import { answerOf, type Answer } from "./answer.ts";
import { REFUSED } from "./captions-switch.ts";
import { cameraVerdict, microphoneVerdict } from "./checks.ts";
import { dialogCss } from "./dialog-css.ts";
import { obstacleOf, type Obstacle } from "./obstacle.ts";
import "./preflight.ts";
import { notObeyed } from "./recording-menu.ts";
import { StudioSession, type Stage } from "./session.ts";
import { SHORTCUTS, type Action } from "./shortcuts.ts";
import { studioCss } from "./studio-css.ts";
import "./tile.ts";
import { STALE, healthOf, type Health } from "./tiles.ts";

/** The headline while nothing is being sent. */
const IDLE_ANSWERS: Readonly<Record<Exclude<Stage, "live">, Answer>> = {
  preflight: { text: "answer.notYet", values: {}, icon: "clock", tone: "calm" },
  conflict: { text: "answer.notYet", values: {}, icon: "clock", tone: "calm" },
  takenOver: { text: "takenOver.title", values: {}, icon: "warn", tone: "warn" },
  ended: { text: "over.title", values: {}, icon: "check", tone: "calm" },
};

/** `closed`: the session's `closed` became something else than null. What lies in the slot `lesson` stands in the head. */
@customElement("tk-teaching")
export class Teaching extends LitElement {
  static override styles = [baseCss, studioCss, dialogCss];

  @state() private soundBlocked = false;
  @query("#end") private endDialog!: HTMLDialogElement;
  @query("#help") private helpDialog!: HTMLDialogElement;
  /** Read once, when the element is put into the document. */
  @property({ attribute: false }) params!: PageParams;
  #session!: StudioSession;
  #ticking = 0;
  #closed = false;
  readonly #onPress = (event: KeyboardEvent): void => this.#onKey(event);
  readonly #onDown = (): void => this.#unblockSound();

  constructor() {
    super();
    new LangController(this);
  }

  get session(): StudioSession {
    return this.#session;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#session = new StudioSession(
      this.params,
      () => this.#onChange(),
      () => this.#freeze(),
    );
    addEventListener("keydown", this.#onPress);
    addEventListener("pointerdown", this.#onDown);
    this.#ticking = window.setInterval(() => this.requestUpdate(), 1_000);
    if (this.#obstacle()) return;
    void this.#session.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.#onPress);
    removeEventListener("pointerdown", this.#onDown);
    clearInterval(this.#ticking);
    this.#closed = true; // what the session says while it is taken down is nobody's business
    this.#session.dispose();
  }

  #onChange(): void {
    this.requestUpdate();
    if (this.#closed || this.#session.closed === null) return;
    this.#closed = true;
    this.dispatchEvent(new CustomEvent("closed", { detail: this.#session.closed }));
  }

  #obstacle(): Obstacle | null {
    const { params, socket } = this.#session;
    return obstacleOf({
      claims: decodeToken(params.token),
      room: params.room,
      now: Date.now(),
      webrtc: typeof RTCPeerConnection === "function" && "addTransceiver" in RTCPeerConnection.prototype,
      secure: window.isSecureContext,
      socket: socket.status,
    });
  }

  protected override render(): TemplateResult {
    return html`${this.#header()} ${this.#body()} ${this.#dialogs()}`;
  }

  #body(): TemplateResult {
    const obstacle = this.#obstacle();
    if (obstacle) return this.#obstaclePage(obstacle);
    switch (this.#session.stage) {
      case "preflight":
        return html`<tk-preflight .session=${this.#session} .tick=${Date.now()}></tk-preflight>`;
      case "live":
        return this.#live();
      case "conflict":
        return this.#page("people", "conflict.title", "conflict.say", [
          { id: "takeover", text: "conflict.takeover", primary: true, run: () => this.#session.goLive(true) },
          { id: "back", text: "action.back", run: () => void this.#session.backToPreflight() },
        ]);
      case "takenOver":
        return this.#page("people", "takenOver.title", "takenOver.say", [
          { id: "takeover", text: "takenOver.takeBack", primary: true, run: () => this.#session.goLive(true) },
          { id: "back", text: "action.back", run: () => void this.#session.backToPreflight() },
        ]);
      case "ended":
        return this.#page(
          "check",
          "over.title",
          "over.say",
          [{ id: "again", text: "over.again", run: () => void this.#session.backToPreflight() }],
          { time: format.duration(this.#session.endedAt - this.#session.startedAt) },
        );
    }
  }

  #header(): TemplateResult {
    const { stage, room, params, startedAt } = this.#session;
    const answer = this.#answer();
    return html`
      <header>
        <div class="brand">${t("app.name")}<small>${[params.title || room.room || params.room, room.name].filter(Boolean).join(" · ")}</small></div>
        <div class="answer ${answer.tone}" role="status" data-testid="state" data-phase=${stage}>
          ${icon(answer.icon)}<span>${t(answer.text, answer.values)}</span>
        </div>
        <slot name="lesson"></slot>
        ${stage === "live" && room.recording
          ? html`<tk-recording-menu .recording=${room.recording} .classrooms=${this.#session.classrooms} .orders=${this.#session.orders}
              @order=${(event: CustomEvent) => this.#session.record(event.detail)}></tk-recording-menu>`
          : nothing}
        ${stage === "live" && room.canCaption
          ? html`<tk-captions-switch .state=${room.captioning} @switch=${(event: CustomEvent) => this.#session.caption(event.detail)}></tk-captions-switch>`
          : nothing}
        ${stage === "live" ? html`<span class="time" title=${t("studio.since")}>${format.duration(Date.now() - startedAt)}</span>` : nothing}
        <button data-testid="lang" lang=${lang() === "zh" ? "en" : "zh-CN"}
          @click=${() => setLang(lang() === "zh" ? "en" : "zh", true)}>${t("lang.other")}</button>
      </header>
    `;
  }

  #answer(): Answer {
    const { stage, whip, socket, classrooms, sending } = this.#session;
    if (this.#obstacle()) return IDLE_ANSWERS.preflight;
    if (stage === "preflight" && socket.status.state !== "open") {
      const { attempt } = socket.status;
      return answerOf({ state: attempt ? "retrying" : "connecting", attempt, problem: null }, sending, [], "");
    }
    if (stage !== "live") return IDLE_ANSWERS[stage];
    const here = classrooms.filter((p) => p.online || p.tracks.length > 0);
    return answerOf(whip.status, sending, here.map((p) => ({ name: p.name, health: this.#health(p) })), t("list.comma"));
  }

  #health(who: Participant): Health {
    const { room, attention, sending, whip } = this.#session;
    // What the classrooms said before our own line broke says nothing about now.
    if (whip.status.state !== "connected") return STALE;
    return healthOf(who, room.stats[who.id], attention.missing(who.id, sending, Date.now()));
  }

  #live(): TemplateResult {
    const { whip, shareLost, screen, room, socket, captionsRefused, orders } = this.#session;
    const refused = REFUSED[captionsRefused];
    const problem = whip.status.state === "refused" ? whip.status.problem : null;
    return html`
      ${problem
        ? this.#notice("bad", t("live.refused", { detail: problem.detail }), "action.retry", "retry", () => whip.start())
        : nothing}
      ${socket.status.state !== "open" && socket.status.attempt > 0 ? this.#notice("bad", t("live.noSocket")) : nothing}
      ${this.#deviceNotices()}
      ${shareLost ? this.#notice("warn", t("share.lost"), "share.again", "share-again", () => void screen.start()) : nothing}
      ${screen.problem ? this.#notice("warn", t(`share.${screen.problem}`)) : nothing}
      ${refused ? this.#notice("warn", captionsSay(refused)) : nothing}
      ${orders.problem ? this.#notice("bad", notObeyed(orders.problem)) : nothing}
      ${this.soundBlocked
        ? this.#notice("warn", t("sound.blocked"), "sound.allow", "allow-sound", () => this.#unblockSound())
        : nothing}
      <div class="live">
        <section>${this.#classrooms()}</section>
        <aside class="mine">${this.#mine()}</aside>
      </div>
      <tk-sound testid="slot-called-audio" .track=${this.#session.calledSound} @sound-blocked=${() => (this.soundBlocked = true)}
        @sound-playing=${() => (this.soundBlocked = false)}></tk-sound>
      <tk-captions .captions=${room.captions}></tk-captions>
      ${this.#controls(room.called)}
    `;
  }

  /** A camera or a microphone that went away in the middle of the lesson. */
  #deviceNotices(): TemplateResult[] {
    const { state: devices } = this.#session.devices;
    const verdicts = [cameraVerdict(devices.camera), microphoneVerdict(devices.microphone, 0)];
    return verdicts.filter((verdict) => verdict.tone === "bad").map((verdict) => this.#notice("bad", t(verdict.text)));
  }

  #notice(tone: "warn" | "bad", text: string, action?: Key, id = "", run: () => void = () => undefined): TemplateResult {
    return html`
      <div class="notice ${tone}" role="alert">
        ${icon(tone)}
        <p>${text}</p>
        ${action ? html`<button data-testid=${id} @click=${run}>${t(action)}</button>` : nothing}
      </div>
    `;
  }

  #classrooms(): TemplateResult {
    const { classrooms, shown, pages, room } = this.#session;
    const page = Math.min(this.#session.page, pages - 1);
    return html`
      <div class="head">
        <h2>${t("classrooms.title", { n: classrooms.length })}</h2>
        ${pages > 1
          ? html`<div class="pager">
              <button data-testid="page-back" aria-label=${t("page.back")} ?disabled=${page === 0}
                @click=${() => this.#session.turnPage(-1)}>${icon("left")}</button>
              <span>${t("page.of", { n: page + 1, of: pages })}</span>
              <button data-testid="page-on" aria-label=${t("page.on")} ?disabled=${page === pages - 1}
                @click=${() => this.#session.turnPage(1)}>${icon("right")}</button>
            </div>`
          : nothing}
      </div>
      ${classrooms.length === 0
        ? html`<div class="empty">${icon("people")}<p>${t("classrooms.none")}</p></div>`
        : html`<div class="tiles ${shown.length <= 2 ? "few" : shown.length <= 6 ? "some" : ""}">
            ${repeat(
              shown,
              (who) => who.id,
              (who) => html`
                <tk-tile data-testid="tile-${who.id}" .who=${who} .stats=${room.stats[who.id]} .health=${this.#health(who)}
                  .track=${this.#session.tileTrack(who.id)} .unsupported=${this.#session.tileUnsupported(who.id)}
                  ?called=${room.called === who.id} ?hand=${who.hand} @tile-call=${() => this.#session.call(who.id)}
                  @tile-mute=${() => this.#session.mute(who.id, !who.muted)}></tk-tile>
              `,
            )}
          </div>`}
    `;
  }

  #mine(): TemplateResult {
    const { devices, screen, cameraOn, room } = this.#session;
    const camera = cameraOn ? devices.tracks.camera : null;
    const { up, down } = room.stats[room.me] ?? {};
    return html`
      <figure>
        <div class="picture">
          <tk-picture cover testid="self-camera" label=${t("self.camera")} .track=${camera}></tk-picture>
          ${camera ? nothing : html`<div class="instead">${icon("cameraOff")}${t(cameraOn ? "self.noCamera" : "self.cameraOff")}</div>`}
        </div>
        <figcaption>
          ${icon(this.#session.microphoneOn ? "microphone" : "microphoneOff")}
          <tk-meter .read=${() => (this.#session.microphoneOn ? meterPosition(this.#session.levelDb) : 0)}></tk-meter>
        </figcaption>
      </figure>
      <figure>
        <div class="picture">
          <tk-picture testid="self-screen" label=${t("self.screen")} .track=${screen.track}></tk-picture>
          ${screen.track ? nothing : html`<div class="instead">${icon("screen")}${t("self.noScreen")}</div>`}
        </div>
        <figcaption>${icon("screen")}${t("self.screen")}</figcaption>
      </figure>
      <dl>
        <dt>${t("line.rate")}</dt>
        <dd>${format.rate(up?.bitrate)}</dd>
        <dt>${t("line.rtt")}</dt>
        <dd>${format.ms(up?.rtt_ms ?? down?.rtt_ms ?? this.#session.socket.rttMs)}</dd>
        <dt>${t("line.loss")}</dt>
        <dd>${format.percent(up?.loss)}</dd>
      </dl>
    `;
  }

  #controls(called: string | null): TemplateResult {
    const { microphoneOn, cameraOn, screen, classrooms } = this.#session;
    const allMuted = classrooms.length > 0 && classrooms.every((p) => p.muted);
    const button = (id: string, name: IconName, text: Key, action: Action, look = "", pressed?: boolean, disabled = false) => html`
      <button class=${look} ?disabled=${disabled} data-testid=${id} title=${t(text)} aria-keyshortcuts=${SHORTCUTS[action]}
        aria-pressed=${pressed === undefined ? nothing : String(pressed)} @click=${() => this.#do(action)}>
        ${icon(name)}<span>${t(text)}</span>
      </button>
    `;
    return html`
      <nav aria-label=${t("controls.label")}>
        ${microphoneOn
          ? button("microphone", "microphone", "control.mute", "microphone", "", false)
          : button("microphone", "microphoneOff", "control.unmute", "microphone", "off", true)}
        ${cameraOn
          ? button("camera", "camera", "control.cameraOff", "camera", "", false)
          : button("camera", "cameraOff", "control.cameraOn", "camera", "off", true)}
        ${screen.track
          ? button("share-screen", "screenOff", "control.unshare", "share", "on", true)
          : button("share-screen", "screen", "control.share", "share", "", false)}
        ${allMuted
          ? button("mute-all", "silent", "control.unmuteAll", "muteAll", "off", true)
          : button("mute-all", "silent", "control.muteAll", "muteAll", "", false)}
        ${button("uncall", "call", "control.uncall", "uncall", called ? "on" : "", undefined, called === null)}
        <span class="space"></span>
        ${button("end", "end", "control.end", "end", "danger")}
        <button class="round" data-testid="help" aria-label=${t("help.title")} title=${t("help.title")} aria-keyshortcuts="?"
          @click=${() => this.#do("help")}>${icon("help")}</button>
      </nav>
    `;
  }

  #obstaclePage(obstacle: Obstacle): TemplateResult {
    const actions = obstacle === "replaced" ? [{ id: "take-back", text: "action.useHere" as Key, primary: true, run: () => this.#session.socket.start() }] : [];
    return this.#page("warn", `obstacle.${obstacle}.title`, `obstacle.${obstacle}.say`, actions);
  }

  #page(
    name: IconName,
    title: Key,
    say: Key,
    actions: { id: string; text: Key; primary?: boolean; run(): void }[],
    values: Record<string, string> = {},
  ): TemplateResult {
    return html`
      <main class="page" data-testid="page">
        ${icon(name)}
        <h1>${t(title)}</h1>
        <p>${t(say, values)}</p>
        <div class="actions">
          ${actions.map(
            (action) =>
              html`<button class=${action.primary ? "primary" : ""} data-testid=${action.id} @click=${action.run}>${t(action.text)}</button>`,
          )}
        </div>
      </main>
    `;
  }

  #dialogs(): TemplateResult {
    return html`
      <dialog id="end" aria-labelledby="end-title" data-testid="end-dialog">
        <h2 id="end-title">${t("end.title")}</h2>
        <p>${t("end.say")}</p>
        <div class="actions">
          <button data-testid="end-cancel" @click=${() => this.endDialog.close()}>${t("end.cancel")}</button>
          <button class="danger" data-testid="end-confirm" @click=${() => this.#end()}>${icon("end")}${t("end.confirm")}</button>
        </div>
      </dialog>
      <dialog id="help" aria-labelledby="help-title" data-testid="help-dialog">
        <h2 id="help-title">${t("help.title")}</h2>
        <dl>
          ${(Object.keys(SHORTCUTS) as Action[]).map(
            (action) => html`<dt><kbd>${SHORTCUTS[action].toUpperCase()}</kbd></dt><dd>${t(`shortcut.${action}`)}</dd>`,
          )}
        </dl>
        <div class="actions"><button @click=${() => this.helpDialog.close()}>${t("action.close")}</button></div>
      </dialog>
    `;
  }

  #end(): void {
    this.endDialog.close();
    this.#session.end();
  }

  #do(action: Action, index = 0): void {
    const session = this.#session;
    const someHeard = session.classrooms.some((p) => !p.muted);
    const called = session.room.called;
    const who = session.shown[index];
    switch (action) {
      case "microphone":
        return session.toggleMicrophone();
      case "camera":
        return session.toggleCamera();
      case "share":
        return session.screen.track ? session.screen.stop() : void session.screen.start();
      case "muteAll":
        return session.mute(null, someHeard);
      case "call":
        return who ? session.call(who.id) : undefined;
      case "uncall":
        return called ? session.call(called) : undefined;
      case "pageBack":
        return session.turnPage(-1);
      case "pageOn":
        return session.turnPage(1);
      case "end":
        return this.endDialog.showModal();
      case "help":
        return this.helpDialog.showModal();
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || this.endDialog.open || this.helpDialog.open) return;
    if (this.renderRoot.querySelector("tk-recording-menu")?.open) return;
    if (event.key === "?") return this.#do("help");
    if (this.#session.stage !== "live") return;
    const key = event.key.toLowerCase();
    if (key >= "1" && key <= "8" && key.length === 1) return this.#do("call", Number(key) - 1);
    const action = (Object.keys(SHORTCUTS) as Action[]).find((name) => SHORTCUTS[name] === key);
    if (action) this.#do(action);
  }

  #freeze(): void {
    for (const tile of this.renderRoot.querySelectorAll("tk-tile")) {
      tile.renderRoot.querySelector("tk-picture")?.freeze();
    }
  }

  #unblockSound(): void {
    if (!this.soundBlocked) return;
    for (const sound of this.renderRoot.querySelectorAll("tk-sound")) void sound.play();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-teaching": Teaching;
  }
}
