/**
 * Around every page on which somebody is signed in: who and where she is, the pages she may open, language, notices, signing out.
 * The page gives it `rest` and where it is, and shows what it has once `me` was sent:
 * `<tk-frame here="admin" .rest=${rest} @me=${…}>…</tk-frame>`.
 */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LangController, followAccount, initLang, lang, setLang, t, type Lang } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { parseParams } from "../lib/params.ts";
import { problemText } from "../lib/problems.ts";
import type { Me, Page, Rest } from "../lib/rest.ts";
import { pagesOf, type PageName } from "../lib/rights.ts";
import { dateTime } from "../lib/when.ts";
import { frameCss } from "./app-frame-css.ts";
import { baseCss } from "./base-css.ts";
import { frameSay as say } from "./frame-say.ts";
import { UnreadCount, noticeText, type Notice } from "./notices.ts";
import { emptiness, trouble, troubleCss } from "./trouble.ts";

const MARKS: Record<PageName, IconName> = { home: "home", timetable: "calendar", library: "library", ledger: "clock", school: "star", admin: "tools" };
const SHOWN = 20;

@customElement("tk-frame")
export class AppFrame extends LitElement {
  static override styles = [baseCss, troubleCss, frameCss];

  @property({ attribute: false }) rest!: Rest;
  /** A lesson is reached from the others. */
  @property() here: PageName | "lesson" = "home";
  /** What the page is about now; without it, the page's name has to do. */
  @property() subject = "";
  @state() private me: Me | null = null;
  @state() private schoolName = "";
  @state() private problem: unknown = null;
  @state() private unread = 0;
  @state() private notices: Notice[] | null = null;
  @state() private noticeProblem: unknown = null;
  @state() private open: "notices" | "menu" | null = null;
  @state() private offline = !navigator.onLine;
  #count: UnreadCount | null = null;

  constructor() {
    super();
    initLang(parseParams(location.hash).lang);
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#line);
    addEventListener("offline", this.#line);
    document.addEventListener("keydown", this.#key);
    document.addEventListener("click", this.#elsewhere);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#line);
    removeEventListener("offline", this.#line);
    document.removeEventListener("keydown", this.#key);
    document.removeEventListener("click", this.#elsewhere);
    this.#count?.stop();
  }

  protected override render(): TemplateResult {
    const { me } = this;
    return html`
      <a class="skip" href="#main" @click=${this.#skip}>${say("frame.skip")}</a>
      <header>
        <a class="brand" href="/home">${t("app.name")}</a>
        ${this.schoolName ? html`<span class="school">${this.schoolName}</span>` : nothing}
        <nav class=${this.open === "menu" ? "open" : ""} aria-label=${say("frame.pages")}>
          ${me ? this.#links(me) : nothing}
          <div class="mine">
            <button type="button" class="quiet" data-testid="lang" @click=${() => this.#speak(lang() === "zh" ? "en" : "zh")}>
              ${icon("globe")}${t("lang.other")}
            </button>
            ${me
              ? html`<span class="person" data-testid="person">${me.person.name}</span>
                  <button type="button" class="quiet" data-testid="sign-out" @click=${() => void this.#signOut()}>
                    ${icon("out")}${say("frame.out")}
                  </button>`
              : nothing}
          </div>
        </nav>
        ${me ? this.#bell() : nothing}
        <button type="button" class="quiet burger" aria-label=${say("frame.menu")} aria-expanded=${String(this.open === "menu")}
          @click=${() => this.#show("menu")}>${icon(this.open === "menu" ? "cross" : "menu")}</button>
      </header>
      ${this.offline ? html`<p class="offline" role="status" data-testid="offline">${icon("line")}${say("frame.offline")}</p>` : nothing}
      <main id="main" tabindex="-1">
        ${me
          ? html`<slot></slot>`
          : this.problem
            ? trouble(this.problem, () => void this.#load())
            : html`<p class="instead" role="status">${say("frame.loading")}</p>`}
      </main>
    `;
  }

  #links(me: Me): TemplateResult[] {
    return pagesOf(me).map(
      (page) => html`<a class="page" href="/${page}" aria-current=${page === this.here ? "page" : nothing} data-testid="go-${page}">
        ${icon(MARKS[page])}${say(`page.${page}`)}
      </a>`,
    );
  }

  #bell(): TemplateResult {
    const name = this.unread ? say("frame.unread", { n: this.unread }) : say("frame.notices");
    return html`<div class="bell">
      <button type="button" class="quiet" aria-label=${name} title=${name} data-testid="bell"
        aria-expanded=${String(this.open === "notices")} @click=${() => this.#show("notices")}>
        ${icon("bell")}${this.unread ? html`<span class="count">${this.unread > 99 ? "99+" : this.unread}</span>` : nothing}
      </button>
      ${this.open === "notices" ? html`<section class="panel" aria-label=${say("frame.notices")} data-testid="notices">${this.#told()}</section>` : nothing}
    </div>`;
  }

  #told(): TemplateResult {
    if (this.noticeProblem && !this.notices) return trouble(this.noticeProblem, () => void this.#read());
    if (!this.notices) return html`<p class="instead" role="status">${say("frame.loading")}</p>`;
    if (!this.notices.length) return emptiness("bell", say("frame.noNotices"));
    return html`
      <h2>${say("frame.notices")}
        ${this.unread
          ? html`<button type="button" class="quiet" data-testid="read-all" @click=${() => void this.#readAll()}>${say("frame.readAll")}</button>`
          : nothing}
      </h2>
      ${this.noticeProblem ? html`<p class="bad" role="alert">${problemText(this.noticeProblem)}</p>` : nothing}
      <ul>
        ${this.notices.map(
          (it) => html`<li class=${it.read ? "" : "new"}><span>${it.lesson ? html`<a href=${`/lesson#id=${it.lesson}`}>${noticeText(it)}</a>` : noticeText(it)}</span><small>${dateTime(it.made)}</small></li>`,
        )}
      </ul>
    `;
  }

  async #load(): Promise<void> {
    this.problem = null;
    try {
      const me = await this.rest.me();
      this.me = me;
      if (!parseParams(location.hash).lang) followAccount(me.person.language);
      this.dispatchEvent(new CustomEvent<Me>("me", { detail: me }));
      this.#count ??= new UnreadCount(this.rest, (unread) => (this.unread = unread));
      this.#count.start();
      void this.#nameSchool(me);
    } catch (problem) {
      this.problem = problem;
    }
  }

  /** An ornament: without it the header says one thing less. */
  async #nameSchool(me: Me): Promise<void> {
    if (!me.person.school) return;
    try {
      this.schoolName = (await this.rest.get<{ name: string }>(`/schools/${me.person.school}`)).name;
    } catch {
      this.schoolName = "";
    }
  }

  #show(what: "notices" | "menu"): void {
    this.open = this.open === what ? null : what;
    if (this.open === "notices") void this.#read();
  }

  async #read(): Promise<void> {
    this.noticeProblem = null;
    try {
      this.notices = (await this.rest.get<Page<Notice>>("/notices", { limit: SHOWN })).items;
    } catch (problem) {
      this.noticeProblem = problem;
    }
  }

  async #readAll(): Promise<void> {
    try {
      await this.rest.post("/notices/read", { all: true });
      this.unread = 0;
      await this.#read();
    } catch (problem) {
      this.noticeProblem = problem;
    }
  }

  #speak(language: Lang): void {
    setLang(language, true);
  }

  async #signOut(): Promise<void> {
    try {
      await this.rest.post("/logout");
      location.assign("/login");
    } catch (problem) {
      // She must not believe that she is signed out.
      this.problem = problem;
      this.me = null;
    }
  }

  #skip = (event: Event): void => {
    event.preventDefault();
    this.renderRoot.querySelector<HTMLElement>("main")?.focus();
  };

  #line = (): void => {
    this.offline = !navigator.onLine;
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.open = null;
  };

  #elsewhere = (event: Event): void => {
    if (this.open && !event.composedPath().some((it) => it instanceof HTMLElement && it.matches("header"))) this.open = null;
  };

  protected override updated(): void {
    document.title = `${this.subject || say(`page.${this.here}`)} · ${t("app.name")}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-frame": AppFrame;
  }
}
