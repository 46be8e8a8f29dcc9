/** What can be chosen beside the words: each facet with its values and how often they are there, folded on a phone. Sends `choose`. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { baseCss } from "../components/base-css.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { FIRST, inSight, tells } from "./arrange.ts";
import { facetsCss } from "./facets-css.ts";
import type { FacetValue, Found } from "./model.ts";
import { FACETS, chosenOf, type Facet, type Wish } from "./route.ts";
import { say } from "./say.ts";

export interface Choice {
  facet: Facet;
  value: string;
}

@customElement("tk-facets")
export class Facets extends LitElement {
  static override styles = [baseCss, facetsCss];

  @property({ attribute: false }) found!: Found;
  @property({ attribute: false }) wish!: Wish;
  /** What a value is called. */
  @property({ attribute: false }) label: (facet: Facet, value: string) => string = (_, value) => value;
  @state() private all: ReadonlySet<Facet> = new Set();
  @state() private wide = true;
  #media = matchMedia("(min-width: 1081px)");

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#media.addEventListener("change", this.#sized);
    this.#sized();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#media.removeEventListener("change", this.#sized);
  }

  protected override render(): TemplateResult | typeof nothing {
    const groups = FACETS.filter((it) => tells(this.#values(it), this.found.total, this.wish.chosen[it] ?? []));
    if (!groups.length) return nothing;
    const lists = groups.map((it) => this.#facet(it, this.#values(it), this.wish.chosen[it] ?? []));
    if (this.wide) return html`<section aria-labelledby="title" data-testid="facets"><h2 id="title">${say("facet.title")}</h2>${lists}</section>`;
    const many = chosenOf(this.wish).length;
    return html`<details data-testid="facets">
      <summary>${icon("menu")}${many ? say("facet.chosen", { n: many }) : say("facet.title")}</summary>
      ${lists}
      <button type="button" class="primary" data-testid="facets-done" @click=${this.#done}>${say(this.found.about ? "facet.doneAbout" : "facet.done", { n: this.found.total })}</button>
    </details>`;
  }

  #values(facet: Facet): readonly FacetValue[] {
    return this.found.facets[facet] ?? [];
  }

  #facet(facet: Facet, values: readonly FacetValue[], chosen: readonly string[]): TemplateResult {
    const open = this.all.has(facet);
    const shown = inSight(values, chosen, open);
    const hidden = values.length - shown.length;
    return html`<fieldset>
      <legend>${say(`facet.${facet}`)}</legend>
      <div class="values">
        ${shown.map(
          (it) => html`<label class="value" data-testid="facet-${facet}-${it.value}">
            <input type="checkbox" .checked=${live(chosen.includes(it.value))} @change=${() => this.#choose(facet, it.value)} />
            <span>${this.label(facet, it.value)}</span><small>${it.count}</small>
          </label>`,
        )}
        ${hidden || (open && values.length > FIRST + 1)
          ? html`<button type="button" class="more" aria-expanded=${String(open)} data-testid="more-${facet}" @click=${() => this.#more(facet)}>
              ${open ? say("facet.fewer") : say("facet.more", { n: hidden })}</button>`
          : nothing}
      </div>
    </fieldset>`;
  }

  #choose(facet: Facet, value: string): void {
    this.dispatchEvent(new CustomEvent<Choice>("choose", { detail: { facet, value } }));
  }

  #more(facet: Facet): void {
    const all = new Set(this.all);
    if (!all.delete(facet)) all.add(facet);
    this.all = all;
  }

  #done = (): void => {
    const details = this.renderRoot.querySelector("details")!;
    details.open = false;
    details.querySelector("summary")!.focus();
  };

  #sized = (): void => {
    this.wide = this.#media.matches;
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-facets": Facets;
  }
}
