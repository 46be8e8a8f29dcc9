/** `/login`: a password, or the sign-in service where there is one. `?next=` is where to go on, on this server alone. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { field, fieldCss } from "../components/field.ts";
import { LangController, initLang, lang, setLang, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { parseParams } from "../lib/params.ts";
import { problemText } from "../lib/problems.ts";
import { words } from "../lib/words.ts";
import { loginEn } from "../strings/login.en.ts";
import { loginZh } from "../strings/login.zh.ts";
import { backFromService, leaveForService, problemOfService, safeNext, signIn, signedIn, ways, type Ways } from "./sign-in.ts";

const say = words(loginZh, loginEn);

@customElement("tk-login")
export class Login extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    css`
      :host {
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: var(--s6);
        min-height: 100vh;
        padding: var(--s6) var(--s4);
      }
      header {
        text-align: center;
      }
      h1 {
        color: var(--accent);
        font-size: 48px;
        line-height: 1.2;
      }
      header p {
        color: var(--text-2);
      }
      main {
        width: 100%;
        max-width: 400px;
        padding: var(--s6);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      h2 {
        font-size: 20px;
      }
      main button {
        width: 100%;
        min-height: 48px;
        margin-top: var(--s5);
        font-size: 17px;
      }
      .problem {
        display: flex;
        gap: var(--s2);
        margin-top: var(--s4);
        padding: var(--s3) var(--s4);
        border-radius: var(--radius-s);
        background: var(--bad-soft);
        color: var(--bad);
      }
      .problem .icon {
        margin-top: 2px;
      }
      .or {
        display: flex;
        align-items: center;
        gap: var(--s3);
        margin-top: var(--s5);
        color: var(--text-2);
        font-size: 14px;
      }
      .or::before,
      .or::after {
        flex: 1;
        border-top: 1px solid var(--line);
        content: "";
      }
      .hint {
        margin-top: var(--s4);
        color: var(--text-2);
        font-size: 14px;
      }
      .language {
        border-color: transparent;
        background: transparent;
        color: var(--text-2);
      }
    `,
  ];

  @state() private ways: Ways = { password: true, oidc: false };
  @state() private problem: unknown = null;
  @state() private busy = false;
  @query("#login") private login!: HTMLInputElement;
  @query("#password") private password!: HTMLInputElement;
  #next = safeNext(new URLSearchParams(location.search).get("next"), location.origin);

  constructor() {
    super();
    initLang(parseParams(location.hash).lang);
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const wish = backFromService();
    if (new URLSearchParams(location.search).has("arrived")) void this.#arrive(wish);
    this.problem = problemOfService(location.search);
    if (this.problem) {
      if (wish) this.#next = safeNext(wish, location.origin);
      history.replaceState(null, "", location.pathname); // it is over once it was read
    }
    // A page that cannot learn the other way still offers this one; what is wrong shows when it is used.
    ways().then((found) => (this.ways = found), () => undefined);
  }

  protected override render(): TemplateResult {
    document.title = `${say("login.title")} · ${t("app.name")}`;
    return html`
      <header>
        <h1>${t("app.name")}</h1>
        <p>${t("landing.lead")}</p>
      </header>
      <main>
        <h2>${say("login.title")}</h2>
        ${this.ways.password
          ? html`<form novalidate @submit=${this.#submit}>
              ${field(
                say("login.login"),
                html`<input id="login" name="username" data-testid="login" autocomplete="username" autocapitalize="none" spellcheck="false" autofocus />`,
              )}
              ${field(
                say("login.password"),
                html`<input id="password" name="password" data-testid="password" type="password" autocomplete="current-password" />`,
              )}
              ${this.#problem()}
              <button class="primary" type="submit" data-testid="sign-in" ?disabled=${this.busy}>
                ${this.busy ? say("login.busy") : say("login.go")}
              </button>
            </form>`
          : this.#problem()}
        ${this.ways.oidc
          ? html`${this.ways.password ? html`<p class="or">${say("login.or")}</p>` : nothing}
              <button type="button" data-testid="oidc" @click=${() => leaveForService(this.#next)}>${icon("people")}${say("login.oidc")}</button>`
          : nothing}
        <p class="hint">${say("login.hint")}</p>
      </main>
      <button class="language" type="button" data-testid="lang" @click=${() => setLang(lang() === "zh" ? "en" : "zh", true)}>
        ${icon("globe")}${t("lang.other")}
      </button>
    `;
  }

  #problem(): TemplateResult | typeof nothing {
    return this.problem
      ? html`<p class="problem" role="alert" data-testid="problem">${icon("warn")}<span>${problemText(this.problem)}</span></p>`
      : nothing;
  }

  #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const empty = [this.login, this.password].find((input) => input.value === "");
    if (empty) return empty.focus();
    this.busy = true;
    this.problem = null;
    try {
      await signIn(this.login.value.trim(), this.password.value);
      location.replace(this.#next);
    } catch (problem) {
      this.problem = problem;
      this.busy = false;
      await this.updateComplete;
      this.password.select();
    }
  };

  async #arrive(wish: string | null): Promise<void> {
    this.busy = true;
    if (await signedIn()) location.replace(safeNext(wish, location.origin));
    this.busy = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-login": Login;
  }
}
