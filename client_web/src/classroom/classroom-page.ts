/** `/classroom`: a display that knows its classroom, or, with a token in its address, one room. */

import { LitElement, html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import "../display/display.ts";
import type { Display } from "../display/display.ts";
import { exposeDebug } from "../lib/debug.ts";
import { LangController, initLang, t } from "../lib/i18n.ts";
import { parseParams } from "../lib/params.ts";
import { keepAwake } from "../lib/wakelock.ts";
import "./lesson.ts";
import type { LessonView } from "./lesson.ts";

@customElement("tk-classroom")
export class ClassroomPage extends LitElement {
  readonly #params = parseParams(location.hash, location.search);

  constructor() {
    super();
    initLang(this.#params.lang);
    new LangController(this);
    exposeDebug(
      () => this.#lesson()?.session ?? null,
      () => this.#lesson()?.session.view.phase ?? this.#display()?.phase ?? "",
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
    document.title = `${t("classroom.title")} · ${t("app.name")}`;
    return this.#params.token ? html`<tk-lesson .params=${this.#params}></tk-lesson>` : html`<tk-display></tk-display>`;
  }

  #display(): Display | null {
    return this.querySelector("tk-display");
  }

  #lesson(): LessonView | null {
    return this.querySelector("tk-lesson") ?? this.#display()?.lessonView ?? null;
  }
}
