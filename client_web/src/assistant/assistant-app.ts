/** `/assistant`: the assistant teacher's phone. Answers one question: what does my classroom need now? */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { LangController, initLang, lang, setLang, t } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { backoffDelay, FAST } from "../lib/backoff.ts";
import { Problem, request } from "../lib/http.ts";
import { parseFragment, parseParams, type PageParams } from "../lib/params.ts";
import { keepAwake } from "../lib/wakelock.ts";
import "./lessons.ts";
import "./over.ts";
import "./remote.ts";
import { AssistantSession } from "./session.ts";
import { inLesson, type Phase } from "./view.ts";
import { w } from "./words.ts";

/** Every state is a word, an icon and a colour. */
const PHASES: Readonly<Record<Phase, { icon: IconName; tone: "ok" | "warn" | "bad" | "calm" }>> = {
  noToken: { icon: "screen", tone: "calm" },
  wrongRole: { icon: "bad", tone: "bad" },
  token: { icon: "bad", tone: "bad" },
  forbidden: { icon: "clock", tone: "warn" },
  replaced: { icon: "warn", tone: "warn" },
  connecting: { icon: "link", tone: "calm" },
  reconnecting: { icon: "link", tone: "bad" },
  waiting: { icon: "clock", tone: "calm" },
  live: { icon: "live", tone: "ok" },
  interrupted: { icon: "clock", tone: "warn" },
  over: { icon: "check", tone: "calm" },
};
const TOLD_MS = 4_000;

@customElement("tk-assistant")
export class AssistantApp extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 100vh;
        max-width: 520px;
        margin: 0 auto;
      }
      main {
        flex: 1;
        display: flex;
        flex-direction: column;
      }
      header {
        flex: none;
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--s2);
        padding: max(var(--s2), env(safe-area-inset-top)) var(--s4) var(--s2);
      }
      .state {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        min-width: 0;
        padding: var(--s2) var(--s4) var(--s2) var(--s3);
        border-radius: 24px;
        background: var(--surface-2);
        font-weight: 600;
        line-height: 1.25;
      }
      .state.ok {
        background: var(--ok-soft);
      }
      .state.warn {
        background: var(--warn-soft);
      }
      .state.bad {
        background: var(--bad-soft);
      }
      .state.calm {
        background: var(--accent-soft);
        color: var(--accent);
      }
      header button {
        flex: none;
        min-height: 44px;
      }
      .page {
        display: flex;
        flex-direction: column;
        align-items: center;
        gap: var(--s3);
        margin: 14vh var(--s6) 0;
        text-align: center;
      }
      .page > .icon {
        width: 64px;
        height: 64px;
        color: var(--accent);
      }
      .page h1 {
        font-size: 26px;
        line-height: 1.3;
      }
      .page p {
        color: var(--text-2);
      }
      .page button {
        min-height: 60px;
        padding: 0 var(--s6);
        border-radius: var(--radius);
        font-size: 18px;
      }
      .told {
        position: fixed;
        right: 0;
        bottom: 132px;
        left: 0;
        z-index: 2;
        display: flex;
        justify-content: center;
        pointer-events: none;
      }
      .told span {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        padding: var(--s3) var(--s5);
        border-radius: 28px;
        background: var(--text);
        color: var(--bg);
        font-weight: 600;
        box-shadow: var(--shadow-up);
      }
      /* A tablet lies on the desk: everything stays together. */
      @media (min-width: 700px) {
        :host {
          min-height: 0;
          padding-top: 6vh;
        }
      }
    `,
  ];

  @state() private told = "";
  /** Until the code that was read has brought a token; null: that is done, or there was none. */
  @state() private arriving: { phase: "connecting" | "reconnecting" | "token" | "forbidden"; attempt: number } | null = null;
  #session!: AssistantSession;
  #toldTimer = 0;

  constructor() {
    super();
    const params = parseParams(location.hash);
    initLang(params.lang);
    new LangController(this);
    this.#enter(params);
    const code = parseFragment(location.hash, "code");
    if (code) void this.#arrive(code);
    addEventListener("hashchange", () => location.reload());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    window.setInterval(() => this.requestUpdate(), 1_000);
  }

  #enter(params: PageParams): void {
    this.#session = new AssistantSession(params, () => this.requestUpdate());
    if (this.#session.claims) keepAwake();
    this.#session.start();
    this.requestUpdate();
  }

  async #arrive(code: string): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      this.arriving = { phase: attempt ? "reconnecting" : "connecting", attempt };
      try {
        const headers = { "Content-Type": "application/json" };
        const answer = await request("/api/v1/phone", { method: "POST", headers, body: JSON.stringify({ code }) });
        this.#entered((await answer.json()) as { room: string; token: string });
        this.arriving = null;
        return;
      } catch (error) {
        const problem = error instanceof Problem ? error : new Problem(0, "offline");
        if (problem.status === 403 && problem.code !== "lesson_not_open") {
          this.arriving = { phase: problem.code === "phone_code" ? "token" : "forbidden", attempt };
          return;
        }
        const wait = problem.retryAfterMs ?? backoffDelay(attempt + 1, Math.random(), FAST);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** The address is kept, so that a phone that throws the page away comes back into the lesson. */
  #entered({ room, token }: { room: string; token: string }): void {
    const hash = `#room=${encodeURIComponent(room)}&token=${encodeURIComponent(token)}`;
    history.replaceState(null, "", hash);
    this.#enter(parseParams(hash));
  }

  protected override render(): TemplateResult {
    document.title = `${w("assistant.title")} · ${t("app.name")}`;
    const { phase, attempt } = this.arriving ?? this.#session.phase;
    return html`
      <header>
        <div class="state ${PHASES[phase].tone}" role="status" data-testid="state" data-phase=${phase}>
          ${icon(PHASES[phase].icon)}<span>${w(`assistant.phase.${phase}`, { n: attempt })}</span>
        </div>
        <button data-testid="lang" lang=${lang() === "zh" ? "en" : "zh-CN"} @click=${() => setLang(lang() === "zh" ? "en" : "zh", true)}>
          ${t("lang.other")}
        </button>
      </header>
      ${inLesson(phase) ? this.#body(phase) : html`<main>${this.#body(phase)}</main>`}
      <div class="told" role="status">${this.told ? html`<span data-testid="told">${icon("check")}${this.told}</span>` : nothing}</div>
    `;
  }

  #body(phase: Phase): TemplateResult {
    if (this.arriving) return this.#page(PHASES[this.arriving.phase].icon, this.arriving.phase);
    if (inLesson(phase)) return html`<tk-remote .session=${this.#session} .tick=${Date.now()} @told=${this.#onTold}></tk-remote>`;
    switch (phase) {
      case "over":
        return html`<tk-assistant-over .lesson=${this.#session.params.room}></tk-assistant-over>`;
      case "replaced":
        return this.#page("warn", phase, html`
          <button class="primary" data-testid="take-back" @click=${() => this.#session.socket.start()}>${w("assistant.say.takeBack")}</button>
        `);
      case "wrongRole":
      case "token":
      case "forbidden":
        return this.#page(PHASES[phase].icon, phase);
      default:
        return html`<tk-assistant-lessons
          @entered=${(event: CustomEvent<{ room: string; token: string }>) => this.#entered(event.detail)}
        ></tk-assistant-lessons>`;
    }
  }

  #page(name: IconName, phase: Exclude<Phase, "noToken" | "waiting" | "live" | "interrupted" | "over">, action?: TemplateResult): TemplateResult {
    return html`
      <main class="page" data-testid="page">
        ${icon(name)}
        <h1>${w(`assistant.phase.${phase}`, { n: this.arriving?.attempt ?? 0 })}</h1>
        <p>${w(`assistant.say.${phase}`)}</p>
        ${action ?? nothing}
      </main>
    `;
  }

  #onTold(event: CustomEvent<string>): void {
    this.told = event.detail;
    clearTimeout(this.#toldTimer);
    this.#toldTimer = window.setTimeout(() => (this.told = ""), TOLD_MS);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-assistant": AssistantApp;
  }
}
