/** The last notices, which the bell in the header has all of. */

import { LitElement, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { noticeText, type Notice } from "../components/notices.ts";
import { troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import type { Page, Rest } from "../lib/rest.ts";
import { dateTime } from "../lib/when.ts";
import { homeCss } from "./home-css.ts";
import { say } from "./say.ts";

const EVERY_MS = 60_000;
const SHOWN = 5;

@customElement("tk-told")
export class Told extends LitElement {
  static override styles = [baseCss, troubleCss, loadedCss, homeCss];

  @property({ attribute: false }) rest!: Rest;
  #notices = new Loading<Page<Notice>>(this, () => this.rest.page<Notice>("/notices", { limit: SHOWN }), EVERY_MS);

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    return html`<section data-testid="told">
      <h2>${icon("bell")}${say("told.title")}</h2>
      ${loaded(this.#notices, ({ items }) =>
        items.length
          ? html`<ul class="rows">
              ${items.map((it) => html`<li><span class="what">${noticeText(it)}<small>${dateTime(it.made)}</small></span></li>`)}
            </ul>`
          : html`<p>${say("told.none")}</p>`,
      )}
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-told": Told;
  }
}
