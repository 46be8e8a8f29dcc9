/** `/`: says where one is. Lessons are opened with links that carry a token. */

import { LitElement, css, html } from "lit";
import { customElement } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { LangController, initLang, lang, setLang, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { parseParams } from "../lib/params.ts";

@customElement("tk-landing")
export class Landing extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: var(--s8);
        min-height: 100vh;
        padding: var(--s8) var(--s4);
        text-align: center;
      }
      main {
        display: flex;
        flex-direction: column;
        align-items: center;
        gap: var(--s8);
        width: 100%;
      }
      h1 {
        color: var(--accent);
        font-size: 56px;
        line-height: 1.1;
      }
      header p {
        margin-top: var(--s3);
        color: var(--text-2);
        font-size: 18px;
      }
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(260px, 1fr));
        grid-gap: var(--s4);
        width: 100%;
        max-width: 720px;
        text-align: left;
      }
      li {
        padding: var(--s6);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      li .icon {
        width: 32px;
        height: 32px;
        color: var(--accent);
      }
      h2 {
        margin-top: var(--s2);
        font-size: 20px;
      }
      li p {
        margin-top: var(--s1);
        color: var(--text-2);
      }
      .in {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        min-height: 56px;
        padding: 0 var(--s8);
        border-radius: var(--radius-s);
        background: var(--accent);
        color: var(--on-accent);
        font-size: 20px;
        font-weight: 600;
        text-decoration: none;
      }
      .hint {
        max-width: 720px;
        color: var(--text-2);
      }
    `,
  ];

  constructor() {
    super();
    initLang(parseParams(location.hash).lang);
    new LangController(this);
  }

  protected override render() {
    return html`
      <header>
        <h1>${t("app.name")}</h1>
        <p>${t("landing.lead")}</p>
      </header>
      <main>
        <ul>
          <li>${icon("live")}<h2>${t("studio.title")}</h2><p>${t("landing.studio")}</p></li>
          <li>${icon("people")}<h2>${t("classroom.title")}</h2><p>${t("landing.classroom")}</p></li>
        </ul>
        <a class="in" href="/home" data-testid="sign-in">${icon("people")}${t("landing.signIn")}</a>
        <p class="hint">${t("landing.hint")}</p>
      </main>
      <button @click=${() => setLang(lang() === "zh" ? "en" : "zh", true)}>${t("lang.other")}</button>
    `;
  }
}
