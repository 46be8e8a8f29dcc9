/** One's own account: language, password, the address of one's calendar. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss } from "../components/field.ts";
import "../components/form-dialog.ts";
import type { Form } from "../components/form-dialog.ts";
import { LangController, lang, setLang, type Lang } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { problemText } from "../lib/problems.ts";
import type { Me, Rest } from "../lib/rest.ts";
import { homeCss } from "./home-css.ts";
import { say } from "./say.ts";

@customElement("tk-account")
export class Account extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    homeCss,
    css`
      select {
        width: auto;
      }
      .url {
        flex: 1 1 100%;
        display: flex;
        gap: var(--s2);
      }
      .url input {
        flex: 1;
        font-size: 14px;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) me!: Me;
  @state() private form: Form | null = null;
  @state() private feed = "";
  @state() private said = "";
  @state() private problem: unknown = null;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    return html`<section data-testid="account">
      <h2>${icon("people")}${say("account.title")}</h2>
      ${this.problem ? html`<p class="bad" role="alert">${problemText(this.problem)}</p>` : nothing}
      <p class="done" role="status">${this.said}</p>
      <ul class="rows">
        <li>
          <span class="what"><strong>${this.me.person.name}</strong><small>${this.me.person.login}</small></span>
          ${this.me.person.login ? html`<button type="button" data-testid="password" @click=${() => this.#password()}>${say("account.password")}</button>` : nothing}
        </li>
        <li>
          <label class="what" for="language">${say("account.language")}</label>
          <select id="language" data-testid="language" @change=${(event: Event) => void this.#speak((event.target as HTMLSelectElement).value as Lang)}>
            <option value="zh" lang="zh-CN" ?selected=${lang() === "zh"}>${say("account.zh")}</option>
            <option value="en" lang="en" ?selected=${lang() === "en"}>${say("account.en")}</option>
          </select>
        </li>
        <li>
          <span class="what">${say("feed.title")}<small>${say("feed.hint")}</small></span>
          <span class="buttons">
            <button type="button" data-testid="feed" @click=${() => void this.#renew()}>${say("feed.make")}</button>
            <button type="button" @click=${() => void this.#revoke()}>${say("feed.end")}</button>
          </span>
          ${this.feed
            ? html`<span class="url">
                <input readonly data-testid="feed-url" aria-label=${say("feed.title")} .value=${this.feed} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} />
                <button type="button" @click=${() => void this.#copy()}>${say("feed.copy")}</button>
              </span>`
            : nothing}
        </li>
      </ul>
      ${this.form
        ? html`<tk-form .form=${this.form} @dismiss=${() => (this.form = null)} @done=${() => {
            this.form = null;
            this.said = say("account.passwordDone");
          }}></tk-form>`
        : nothing}
    </section>`;
  }

  #password(): void {
    this.form = {
      heading: say("account.password"),
      lead: say("account.passwordLead"),
      asks: [
        { kind: "password", name: "old", label: say("account.old") },
        { kind: "new-password", name: "new", label: say("account.new"), hint: say("account.newHint") },
      ],
      action: say("account.change"),
      save: (said) => this.rest.put("/me/password", { old: said["old"], new: said["new"] }),
    };
  }

  async #speak(language: Lang): Promise<void> {
    setLang(language, true);
    await this.#do(() => this.rest.patch("/me", { language: language === "zh" ? "zh-CN" : "en" }), say("account.languageDone"));
  }

  async #renew(): Promise<void> {
    await this.#do(async () => {
      const { url } = await this.rest.post<{ url: string }>("/me/feed");
      this.feed = new URL(url, location.origin).href;
    }, say("feed.made"));
  }

  async #revoke(): Promise<void> {
    await this.#do(async () => {
      await this.rest.delete("/me/feed");
      this.feed = "";
    }, say("feed.ended"));
  }

  async #copy(): Promise<void> {
    // Without a secure page there is no clipboard; the address is selected for copying by hand then.
    const field = this.renderRoot.querySelector<HTMLInputElement>(".url input");
    field?.select();
    await navigator.clipboard?.writeText(this.feed).then(() => (this.said = say("feed.copied")), () => undefined);
  }

  async #do(work: () => Promise<unknown>, done: string): Promise<void> {
    this.problem = null;
    this.said = "";
    try {
      await work();
      this.said = done;
    } catch (problem) {
      this.problem = problem;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-account": Account;
  }
}
