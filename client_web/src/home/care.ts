/** For an administrator: devices out of contact, and what was imported last. */

import { LitElement, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import type { Me, Page, Rest } from "../lib/rest.ts";
import { mayIn } from "../lib/rights.ts";
import { ago, dateTime } from "../lib/when.ts";
import { homeCss } from "./home-css.ts";
import { say } from "./say.ts";

const EVERY_MS = 60_000;
const SHOWN = 8;

interface Lost {
  id: string;
  name: string;
  school_name: string;
  classroom_name: string;
  seen: number | null;
}

interface Imported {
  number: number;
  at: number;
  actor_name: string | null;
}

@customElement("tk-care")
export class Care extends LitElement {
  static override styles = [baseCss, troubleCss, loadedCss, homeCss];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) me!: Me;
  #lost = new Loading<Page<Lost>>(this, () => this.rest.page<Lost>("/devices", { lost: true, limit: SHOWN }), EVERY_MS);
  #imports = new Loading<Page<Imported>>(this, () => this.#askImports());

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const now = Date.now() / 1000;
    return html`<section data-testid="lost">
      <h2>${icon("screenOff")}${say("lost.title")}<a class="beside" href="/admin#/devices">${say("lost.all")}</a></h2>
      ${loaded(this.#lost, ({ items, next }) =>
        items.length
          ? html`<ul class="rows">
              ${items.map(
                (it) => html`<li>
                  <span class="what"><strong>${it.name}</strong><small>${it.school_name} ${it.classroom_name}</small></span>
                  <span class="bad">${it.seen === null ? say("lost.never") : say("lost.since", { ago: ago(now - it.seen) })}</span>
                </li>`,
              )}
              ${next ? html`<li>${say("lost.more")}</li>` : ""}
            </ul>`
          : html`<p class="done">${icon("check")} ${say("lost.none")}</p>`,
      )}
      ${this.#whole("import.run") && this.#whole("audit.read")
        ? html`<h2>${icon("file")}${say("imported.title")}<a class="beside" href="/admin#/imports">${say("imported.go")}</a></h2>
            ${loaded(this.#imports, ({ items }) =>
              items.length
                ? html`<ul class="rows">
                    ${items.map((it) => html`<li><span class="what">${it.actor_name ?? say("imported.command")}</span><span>${dateTime(it.at)}</span></li>`)}
                  </ul>`
                : html`<p>${say("imported.none")}</p>`,
            )}`
        : ""}
    </section>`;
  }

  /** Rosters are of the whole system, and so are the rows that tell of them. */
  #whole(action: string): boolean {
    return mayIn(this.me, action, "system");
  }

  #askImports(): Promise<Page<Imported>> {
    if (!this.#whole("audit.read")) return Promise.resolve({ items: [], next: null });
    return this.rest.page<Imported>("/audit", { action: "roster_imported", limit: 3 });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-care": Care;
  }
}
