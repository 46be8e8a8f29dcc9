/** What both ends said beside what was measured, and the form while the reader may still fill it in. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { measured, qualitySay, ratedCss, ratedTable, type Result } from "../components/rated.ts";
import "../components/rating-form.ts";
import type { Question } from "../components/rating-form.ts";
import { tagCss } from "../components/tag.ts";
import { troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import type { Rest } from "../lib/rest.ts";
import { sectionCss } from "./lesson-css.ts";
import { say } from "./say.ts";

interface Form {
  questions: Question[];
  may: boolean;
  summary: Result | null;
}

@customElement("tk-lesson-ratings")
export class LessonRatings extends LitElement {
  static override styles = [baseCss, tagCss, troubleCss, loadedCss, ratedCss, sectionCss];

  @property({ attribute: false }) rest!: Rest;
  @property() lesson = "";
  #form = new Loading<Form>(this, () => this.rest.get<Form>(`/lessons/${this.lesson}/rating`));
  /** The form stays, to say that it was sent, when the server says that it may not be filled in again. */
  #asked = false;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    this.#asked ||= this.#form.value?.may ?? false;
    return html`
      ${this.#asked ? html`<tk-rating .rest=${this.rest} lesson=${this.lesson} @rated=${this.#form.again}></tk-rating>` : nothing}
      <section data-testid="ratings" class=${this.#asked ? "below" : ""}>
        <h2>${icon("star")}${say("les.rating")}</h2>
        ${loaded(this.#form, ({ questions, summary }) =>
          summary
            ? html`${ratedTable(questions, summary)}
                <p class="legend">${qualitySay("rated.measured")}</p>
                ${measured(summary)}`
            : nothing,
        )}
      </section>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-lesson-ratings": LessonRatings;
  }
}
