/** Where was it said? From `/home` into the library. */

import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, query } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss } from "../components/field.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { homeCss } from "./home-css.ts";
import { say } from "./say.ts";

@customElement("tk-find")
export class Find extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    homeCss,
    css`
      form {
        display: flex;
        gap: var(--s2);
      }
      button {
        flex: none;
        min-height: 44px;
      }
    `,
  ];

  @query("input") private input!: HTMLInputElement;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    return html`<section>
      <h2>${icon("library")}${say("find.title")}<a class="beside" href="/library" data-testid="to-library">${say("find.all")}</a></h2>
      <form role="search" @submit=${this.#search}>
        <input type="search" data-testid="find" aria-label=${say("find.title")} placeholder=${say("find.what")} />
        <button type="submit" aria-label=${say("find.search")}>${icon("search")}</button>
      </form>
    </section>`;
  }

  #search = (event: Event): void => {
    event.preventDefault();
    location.assign(`/library#${new URLSearchParams({ q: this.input.value.trim() }).toString()}`);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-find": Find;
  }
}
