/** The remote: one hand, the thumb's buttons at the bottom, every press undone by a second one. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/recording.ts";
import { shownTo } from "../components/recording.ts";
import { LangController } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import type { Setting } from "./asked.ts";
import "./count.ts";
import "./fault.ts";
import { remoteCss } from "./remote-css.ts";
import type { AssistantSession } from "./session.ts";
import type { Sheet } from "./sheet.ts";
import type { Line } from "./view.ts";
import { w } from "./words.ts";

const VOLUME_STEP = 10;
const LINES: Readonly<Record<Line, { icon: IconName; tone: string }>> = {
  good: { icon: "line", tone: "ok" },
  weak: { icon: "line", tone: "warn" },
  bad: { icon: "bad", tone: "bad" },
  unknown: { icon: "line", tone: "" },
};

@customElement("tk-remote")
export class Remote extends LitElement {
  static override styles = [baseCss, remoteCss];

  @property({ attribute: false }) session!: AssistantSession;
  /** Changes whenever something may have. */
  @property({ attribute: false }) tick = 0;
  @query("tk-count") private countSheet!: Sheet;
  @query("tk-fault") private faultSheet!: Sheet;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const { session } = this;
    const { setting, ready } = session;
    return html`
      <main>
        ${this.#status()} ${this.#notice()}
        <div class="pair">
          <button data-testid="count" @click=${() => this.countSheet.show()}>
            ${icon("people")}<span>${w("assistant.count")}<b>${session.pupils ?? w("assistant.count.none")}</b></span>
          </button>
          <button data-testid="fault" @click=${() => this.faultSheet.show()}>
            ${icon("warn")}<span>${w("assistant.fault")}</span>
          </button>
        </div>
        ${session.claims?.beside ? this.#controls(setting, ready) : nothing}
      </main>
      ${session.claims?.beside
        ? html`<footer>
            <button class="hand ${setting.hand ? "up" : ""}" data-testid="hand" aria-pressed=${String(setting.hand)}
              ?disabled=${!ready} @click=${() => session.move({ hand: !setting.hand })}>
              ${icon("hand")}<span>${w(setting.hand ? "assistant.hand.lower" : "assistant.hand.raise")}</span>
            </button>
          </footer>`
        : nothing}
      <tk-count .session=${session} .known=${session.pupils}></tk-count>
      <tk-fault .session=${session}></tk-fault>
    `;
  }

  #status(): TemplateResult {
    const { session } = this;
    const { display, line, called, setting } = session;
    const recorded = shownTo(session.room.recording, session.claims?.beside ?? "");
    const open = session.socket.status.state === "open";
    const online = open && (display?.online ?? false);
    const silent = !setting.microphone || (display?.muted ?? false);
    const chip = (id: string, name: IconName, tone: string, text: string): TemplateResult =>
      html`<li class=${tone} data-testid=${id}>${icon(name)}${text}</li>`;
    return html`
      <section class="status">
        <h1>${session.place}</h1>
        <p>
          <span>${session.teacher ? w("assistant.teacher", { name: session.teacher }) : w("assistant.teacher.none")}</span>
          ${this.#left()}
        </p>
        <ul>
          ${!open
            ? nothing
            : session.claims?.beside
              ? chip("display-state", "screen", online ? "ok" : "bad", w(online ? "assistant.display.on" : "assistant.display.off"))
              : chip("display-state", "screen", "", w("assistant.display.none"))}
          ${online ? chip("line", LINES[line].icon, LINES[line].tone, w(`assistant.line.${line}`)) : nothing}
          ${setting.hand && online ? chip("hand-state", "hand", "warn", w("assistant.hand.up")) : nothing}
          ${!called || !online
            ? nothing
            : silent
              ? chip("called", "microphoneOff", "bad", w("assistant.calledSilent"))
              : chip("called", "call", "accent", w("assistant.called"))}
          ${recorded === "off" || !open
            ? nothing
            : html`<li><tk-recording .recording=${session.room.recording} .me=${session.claims?.beside ?? ""}></tk-recording></li>`}
          ${online && display?.muted ? chip("muted", "microphoneOff", "warn", w("assistant.mutedByTeacher")) : nothing}
        </ul>
      </section>
    `;
  }

  #left(): TemplateResult | typeof nothing {
    const left = this.session.minutesLeft;
    if (left === null) return nothing;
    const text =
      left > 0
        ? w("assistant.left.minutes", { n: left })
        : left === 0
          ? w("assistant.left.last")
          : w("assistant.left.over", { n: -left });
    return html`<span class="left" data-testid="left">${icon("clock")}${text}</span>`;
  }

  #notice(): TemplateResult | typeof nothing {
    const { session } = this;
    const open = session.socket.status.state === "open";
    const text = session.refused
      ? session.refused
      : !session.claims?.beside
        ? w("assistant.notice.none")
        : open && !(session.display?.online ?? false)
          ? w("assistant.notice.off")
          : "";
    return text ? html`<p class="notice" role="status" data-testid="notice">${icon("warn")}<span>${text}</span></p>` : nothing;
  }

  #controls(setting: Setting, ready: boolean): TemplateResult {
    const { session } = this;
    const { local, microphone, loudspeaker, volume } = setting;
    const toggle = (name: "microphone" | "loudspeaker", on: boolean, symbol: IconName): TemplateResult => html`
      <button class="switch ${on ? "" : "off"}" role="switch" data-testid=${name} aria-checked=${String(on)} ?disabled=${!ready}
        @click=${() => session.move({ [name]: !on })}>
        ${icon(symbol)}<span>${w(`assistant.${name}`)}<b>${w(on ? "assistant.on" : "assistant.off")}</b></span>
      </button>
    `;
    return html`
      <div class="local ${local ? "on" : ""}">
        <button data-testid="local" aria-pressed=${String(local)} aria-describedby="local-hint" ?disabled=${!ready}
          @click=${() => session.move({ local: !local })}>
          ${icon(local ? "left" : "people")}<span>${w(local ? "assistant.local.give" : "assistant.local.take")}</span>
        </button>
        <p id="local-hint">${w(local ? "assistant.local.on" : "assistant.local.hint")}</p>
      </div>
      <div class="pair">
        ${toggle("microphone", microphone, microphone ? "microphone" : "microphoneOff")}
        ${toggle("loudspeaker", loudspeaker, loudspeaker ? "call" : "silent")}
      </div>
      <div class="volume" role="group" aria-label=${w("assistant.volume")}>
        <button data-testid="volume-less" aria-label=${w("assistant.volume.less")} ?disabled=${!ready || volume <= 0}
          @click=${() => session.moveVolume(volume - VOLUME_STEP)}>${icon("minus")}</button>
        <label>
          <span>${w("assistant.volume")}<b data-testid="volume-now">${volume}</b></span>
          <input type="range" min="0" max="100" step="5" data-testid="volume" .value=${String(volume)} ?disabled=${!ready}
            style="--at:${volume}%" @input=${(event: Event) => session.moveVolume(Number((event.target as HTMLInputElement).value))} />
        </label>
        <button data-testid="volume-more" aria-label=${w("assistant.volume.more")} ?disabled=${!ready || volume >= 100}
          @click=${() => session.moveVolume(volume + VOLUME_STEP)}>${icon("plus")}</button>
      </div>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-remote": Remote;
  }
}
