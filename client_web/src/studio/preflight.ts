/** Before the lesson: does the camera see, does the microphone hear, does the line carry it? */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../components/meter.ts";
import "../components/picture.ts";
import { baseCss } from "../components/base-css.ts";
import type { DeviceKind } from "../lib/devices.ts";
import * as format from "../lib/format.ts";
import { request } from "../lib/http.ts";
import { LangController, t, type Key } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { meterPosition } from "../lib/stats.ts";
import {
  cameraVerdict,
  median,
  microphoneVerdict,
  rateVerdict,
  rttVerdict,
  type Measured,
  type Tone,
  type Verdict,
} from "./checks.ts";
import type { StudioSession } from "./session.ts";

const PROBE_BYTES = 2 * 1024 * 1024;
const PINGS = 5;

const TONE_ICON: Readonly<Record<Tone, IconName>> = { ok: "check", warn: "warn", bad: "bad", busy: "clock" };

@customElement("tk-preflight")
export class Preflight extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        flex: 1 0 auto;
        display: grid;
        grid-template-columns: minmax(0, 1.35fr) minmax(320px, 1fr);
        grid-gap: var(--s6);
        align-content: center;
        width: 100%;
        max-width: 1200px;
        margin: 0 auto;
        padding: var(--s6);
      }
      .preview {
        position: relative;
        padding-top: 56.25%;
        overflow: hidden;
        border-radius: var(--radius);
        background: var(--picture);
        box-shadow: var(--shadow);
      }
      .preview > * {
        position: absolute;
        top: 0;
        right: 0;
        bottom: 0;
        left: 0;
      }
      .instead {
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: var(--s3);
        padding: var(--s6);
        color: #c9d1e0;
        text-align: center;
      }
      .instead .icon {
        width: 40px;
        height: 40px;
      }
      .choices {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        grid-gap: var(--s3);
        margin-top: var(--s4);
      }
      label {
        display: block;
        color: var(--text-2);
        font-size: 14px;
      }
      select {
        width: 100%;
        min-height: 40px;
        margin-top: var(--s1);
        padding: 0 var(--s2);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--surface);
      }
      h1 {
        font-size: 28px;
        line-height: 1.25;
      }
      .lead {
        margin-top: var(--s1);
        color: var(--text-2);
      }
      .checks {
        margin-top: var(--s5);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      .checks li {
        display: grid;
        grid-template-columns: 24px minmax(0, 1fr) auto;
        grid-gap: 0 var(--s3);
        align-items: center;
        padding: var(--s3) var(--s4);
      }
      .checks li + li {
        border-top: 1px solid var(--line);
      }
      .checks .what {
        font-weight: 600;
      }
      .checks .value {
        color: var(--text-2);
        font-variant-numeric: tabular-nums;
      }
      .checks .said {
        grid-column: 2 / 4;
        font-size: 14px;
        color: var(--text-2);
      }
      .checks .busy {
        color: var(--text-2);
      }
      tk-meter {
        grid-column: 2 / 4;
        margin: var(--s1) 0;
      }
      .go {
        display: grid;
        grid-gap: var(--s3);
        margin-top: var(--s5);
      }
      .go button {
        min-height: 48px;
        font-size: 17px;
      }
      .go .primary {
        font-weight: 600;
      }
      .row {
        display: flex;
        gap: var(--s3);
      }
      .row button {
        flex: 1;
        min-height: 40px;
        padding-left: var(--s2);
        padding-right: var(--s2);
        font-size: 15px;
      }
      .joined {
        display: flex;
        gap: var(--s2);
        align-items: flex-start;
        margin-top: var(--s4);
        color: var(--text-2);
        font-size: 14px;
      }
      @media (max-width: 800px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
          padding: var(--s4);
        }
        h1 {
          font-size: 24px;
        }
      }
    `,
  ];

  @property({ attribute: false }) session!: StudioSession;
  @state() private rtt: Measured = "running";
  @state() private rate: Measured = "running";
  /** Changes every second: levels and names are read from the session, which is not itself reactive. */
  @property({ attribute: false }) tick = 0;
  #measured = false;

  constructor() {
    super();
    new LangController(this);
  }

  protected override updated(): void {
    if (this.#measured || this.session.socket.status.state !== "open") return;
    this.#measured = true;
    void this.#measure();
  }

  protected override render(): TemplateResult {
    const { devices, screen } = this.session;
    const camera = devices.tracks.camera;
    return html`
      <section>
        <div class="preview">
          ${camera
            ? html`<tk-picture cover testid="preview" label=${t("self.camera")} .track=${camera}></tk-picture>`
            : html`<div class="instead">${icon("cameraOff")}<p>${t(cameraVerdict(devices.state.camera).text)}</p></div>`}
        </div>
        <div class="choices">${this.#choice("camera")} ${this.#choice("microphone")}</div>
      </section>
      <section>
        <h1>${t("preflight.title")}</h1>
        <p class="lead">${t("preflight.lead", { room: this.session.params.title || this.session.room.room || this.session.params.room })}</p>
        <ul class="checks" data-testid="checks">
          ${this.#check("camera", "camera", "check.camera", cameraVerdict(devices.state.camera), this.#cameraSize(camera))}
          ${this.#check(
            "microphone",
            "microphone",
            "check.microphone",
            microphoneVerdict(devices.state.microphone, this.session.loudestDb),
            "",
            html`<tk-meter .read=${() => meterPosition(this.session.levelDb)}></tk-meter>`,
          )}
          ${this.#check("rtt", "line", "check.rtt", rttVerdict(this.rtt), typeof this.rtt === "number" ? format.ms(this.rtt) : "")}
          ${this.#check("rate", "call", "check.rate", rateVerdict(this.rate), this.#rateText())}
        </ul>
        <div class="go">
          <button class="primary" data-testid="go-live" ?disabled=${!this.session.ready}
            @click=${() => this.session.goLive()}>
            ${icon("live")}${t("action.goLive")}
          </button>
          <div class="row">
            <button data-testid="share-screen" aria-pressed=${String(screen.track !== null)}
              @click=${() => (screen.track ? screen.stop() : void screen.start())}>
              ${icon(screen.track ? "screenOff" : "screen")}${t(screen.track ? "share.chosen" : "share.choose")}
            </button>
            <button data-testid="check-again" @click=${() => void this.#measure()}>${icon("link")}${t("check.again")}</button>
          </div>
          ${screen.problem ? html`<p class="bad" role="alert">${t(`share.${screen.problem}`)}</p>` : nothing}
        </div>
        <p class="joined">${icon("people")}<span>${this.#joined()}</span></p>
      </section>
    `;
  }

  #joined(): string {
    const names = this.session.classrooms.filter((p) => p.online).map((p) => p.name);
    return names.length ? t("preflight.joined", { n: names.length, names: names.join(t("list.comma")) }) : t("preflight.nobody");
  }

  /** Beyond this the probe measures the machine and not the line. */
  #rateText(): string {
    if (typeof this.rate !== "number") return "";
    return this.rate > 100e6 ? `> ${format.rate(100e6)}` : format.rate(this.rate);
  }

  #cameraSize(track: MediaStreamTrack | null): string {
    const settings = track?.getSettings();
    return settings ? format.size(settings.width, settings.height) : "";
  }

  #check(
    id: string,
    mark: IconName,
    what: Key,
    verdict: Verdict,
    value: string,
    extra: TemplateResult | typeof nothing = nothing,
  ): TemplateResult {
    return html`
      <li data-testid="check-${id}" data-tone=${verdict.tone}>
        <span class=${verdict.tone}>${icon(verdict.tone === "busy" ? mark : TONE_ICON[verdict.tone])}</span>
        <span class="what">${t(what)}</span>
        <span class="value">${value}</span>
        ${extra}
        <span class="said">${t(verdict.text)}</span>
      </li>
    `;
  }

  #choice(kind: DeviceKind): TemplateResult {
    const { choices, tracks } = this.session.devices;
    const current = tracks[kind]?.getSettings().deviceId;
    const name = (device: MediaDeviceInfo, index: number): string => device.label || t(`device.${kind}.n`, { n: index + 1 });
    return html`
      <label>
        ${t(`check.${kind}`)}
        <select data-testid="choose-${kind}" ?disabled=${choices[kind].length < 2}
          @change=${(event: Event) => void this.session.devices.choose(kind, (event.target as HTMLSelectElement).value)}>
          ${choices[kind].length
            ? choices[kind].map(
                (device, index) =>
                  html`<option value=${device.deviceId} ?selected=${device.deviceId === current}>${name(device, index)}</option>`,
              )
            : html`<option>${t(`device.${kind}.none`)}</option>`}
        </select>
      </label>
    `;
  }

  async #measure(): Promise<void> {
    this.rtt = "running";
    this.rate = "running";
    this.rtt = await this.#measureRtt();
    this.rate = await this.#measureRate();
  }

  async #measureRtt(): Promise<Measured> {
    const round: number[] = [];
    for (let i = 0; i < PINGS; i += 1) {
      await this.session.socket.ping().then((rtt) => round.push(rtt), () => undefined);
    }
    return median(round) ?? "failed";
  }

  async #measureRate(): Promise<Measured> {
    try {
      const started = performance.now();
      const response = await request("/api/v1/preflight", {
        method: "POST",
        token: this.session.params.token,
        headers: { "Content-Type": "application/octet-stream" },
        body: new Blob([new Uint8Array(PROBE_BYTES)]),
        timeoutMs: 30_000,
      });
      const ours = (performance.now() - started) / 1000;
      const answer = (await response.json()) as { bytes?: number; seconds?: number };
      // The server's own clock leaves out the round trip; a tiny value means that it was all in one buffer.
      const seconds = answer.seconds && answer.seconds > 0.005 ? answer.seconds : ours;
      return ((answer.bytes ?? PROBE_BYTES) * 8) / seconds;
    } catch {
      return "failed";
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-preflight": Preflight;
  }
}
