/** `/studio`: a teacher's lessons of today, or, with a token in its address, one room. */

import { LitElement, html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { exposeDebug } from "../lib/debug.ts";
import { LangController, initLang, t } from "../lib/i18n.ts";
import { parseParams } from "../lib/params.ts";
import { keepAwake } from "../lib/wakelock.ts";
import "./duties.ts";
import type { Duties } from "./duties.ts";
import type { Teaching } from "./teaching.ts";

@customElement("tk-studio")
export class StudioPage extends LitElement {
  readonly #params = parseParams(location.hash, location.search);

  constructor() {
    super();
    initLang(this.#params.lang);
    new LangController(this);
    exposeDebug(
      () => this.#teaching()?.session ?? null,
      () => this.#teaching()?.session.stage ?? this.#duties()?.phase ?? "",
    );
    // A new link was opened in this window.
    addEventListener("hashchange", () => location.reload());
    // Out of the back/forward cache: everything was closed when it went in.
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    keepAwake();
  }

  /** Styles come with the parts; it is as large as the window. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    document.title = `${t("studio.title")} · ${t("app.name")}`;
    return this.#params.token ? html`<tk-teaching .params=${this.#params}></tk-teaching>` : html`<tk-duties></tk-duties>`;
  }

  #duties(): Duties | null {
    return this.querySelector("tk-duties");
  }

  #teaching(): Teaching | null {
    return this.querySelector("tk-teaching") ?? this.#duties()?.teaching ?? null;
  }
}
