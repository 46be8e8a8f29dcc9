/** Searching: the box, filters with their counts, results, what is mine. Sends `wish` with what is wished now, and whether it is a step that the back button takes back. */

import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { emptiness, trouble, troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { isOffline, problemText } from "../lib/problems.ts";
import { cancelled, type Rest } from "../lib/rest.ts";
import { cardCss } from "./card-css.ts";
import { mineCard, resultCard } from "./cards.ts";
import "./facets.ts";
import type { Choice } from "./facets.ts";
import { formNames, type FormName } from "./metadata.ts";
import type { Card, Found, Mine } from "./model.ts";
import { FACETS, NO_WISH, chosenOf, pagesFor, same, searchQuery, toggle, type Facet, type Wish } from "./route.ts";
import { say } from "./say.ts";
import "./search-box.ts";
import { searchCss } from "./search-css.ts";
import { markCss } from "./span-view.ts";

const MINE_SHOWN = 4;
const BONES_AFTER_MS = 300;
/** Their values are ids, which nobody reads. */
const NAMELESS = new Set<Facet>(["school", "region"]);
const ID = /^[0-9a-zA-Z]{16}$/;

export interface Wished {
  wish: Wish;
  /** A step of its own in the history. */
  step: boolean;
}

@customElement("tk-library-search")
export class SearchView extends LitElement {
  static override styles = [baseCss, troubleCss, markCss, cardCss, searchCss];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) wish: Wish = NO_WISH;
  /** Whether she may add to the library. */
  @property({ type: Boolean }) adds = false;
  @state() private found: Found | null = null;
  @state() private problem: unknown = null;
  @state() private slow = false;
  /** What `found` was asked for. */
  @state() private answered: Wish = NO_WISH;
  #abort: AbortController | null = null;
  #timer = 0;
  /** Labels of what was chosen, for when the server counts nothing there any more. */
  #labels = new Map<string, string>();
  #forms = new Loading<FormName[]>(this, () => formNames(this.rest));
  #mine = new Loading<Mine>(this, () => this.rest.get<Mine>("/library/mine"));

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("online", this.#online);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("online", this.#online);
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  /** Something was added, removed or watched. */
  again(): void {
    void this.#search();
    void this.#mine.again();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("wish");
    if (changed.has("wish") && (!before || !same(before, this.wish) || !this.found)) void this.#search();
  }

  protected override render(): TemplateResult {
    const { wish } = this;
    return html`
      <tk-search-box .rest=${this.rest} .value=${wish.q}
        @typed=${(event: CustomEvent<string>) => this.#words(event.detail, false)} @meant=${(event: CustomEvent<string>) => this.#words(event.detail, true)}></tk-search-box>
      ${same(wish, NO_WISH) ? this.#own() : nothing}
      <div class="columns">
        ${this.found
          ? html`<tk-facets .found=${this.found} .wish=${wish} .label=${this.#label} @choose=${(event: CustomEvent<Choice>) => this.#choose(event.detail)}></tk-facets>`
          : this.slow
            ? html`<div class="bones facets" aria-hidden="true">${[0, 1, 2, 3, 4, 5].map(() => html`<b></b>`)}</div>`
            : nothing}
        <div class="results" aria-busy=${String(this.slow)}>${this.#chips()} ${this.#results()}</div>
      </div>
    `;
  }

  #words(q: string, step: boolean): void {
    const wish = { ...this.wish, q, page: 1 };
    if (same(wish, this.wish)) return;
    this.#tell(wish, step);
  }

  #own(): TemplateResult | typeof nothing {
    const mine = this.#mine.value;
    if (!mine) return nothing;
    const row = (key: "stopped" | "taught" | "added", cards: readonly Card[]): TemplateResult | typeof nothing =>
      cards.length
        ? html`<section class="own" data-testid="own-${key}"><h2>${say(`mine.${key}`)}</h2><ul class="strip">${cards.slice(0, MINE_SHOWN).map(mineCard)}</ul></section>`
        : nothing;
    const known = new Set([...mine.stopped, ...mine.taught].map((it) => it.id));
    return html`${row("stopped", mine.stopped)} ${row("taught", mine.taught)} ${row("added", mine.added.filter((it) => !known.has(it.id)))}`;
  }

  /** What is chosen, each to be taken away again. */
  #chips(): TemplateResult | typeof nothing {
    const chosen = chosenOf(this.wish);
    if (!chosen.length) return nothing;
    return html`<ul class="chips" aria-label=${say("facet.chips")} data-testid="chips">
      ${chosen.map(([facet, value]) => {
        const name = this.#label(facet, value);
        return html`<li><button type="button" data-testid="chip-${facet}-${value}"
          @click=${() => this.#choose({ facet, value })}><small>${say(`facet.${facet}`)}</small><span>${name}</span><span class="sr">${say("facet.without")}</span>${icon("cross")}</button></li>`;
      })}
      ${chosen.length > 1 ? html`<li><button type="button" class="none" data-testid="chips-none" @click=${this.#unfiltered}>${say("search.noFilters")}</button></li>` : nothing}
    </ul>`;
  }

  #choose({ facet, value }: Choice): void {
    this.#tell(toggle(this.wish, facet, value), true);
  }

  #unfiltered = (): void => {
    this.#tell({ ...this.wish, chosen: {}, page: 1 }, true);
  };

  #label = (facet: Facet, value: string): string => {
    const ours = facet === "kind" ? say.maybe(`kind.${value}`) : facet === "form" ? this.#forms.value?.find(([code]) => code === value)?.[1] : null;
    return ours ?? this.#labels.get(`${facet} ${value}`) ?? (NAMELESS.has(facet) && ID.test(value) ? say("facet.unknown") : value);
  };

  #results(): TemplateResult {
    const { found, problem, wish } = this;
    if (!found) return problem ? trouble(problem, () => void this.#search()) : this.#bones();
    return html`
      <div class="top">
        <p role="status" data-testid="count">${this.#count(found)}</p>
        ${wish.q && found.total
          ? html`<label>${say("sort.title")} <select data-testid="sort" @change=${(event: Event) => this.#tell({ ...wish, sort: (event.target as HTMLSelectElement).value as Wish["sort"], page: 1 }, true)}>
              <option value="best" ?selected=${wish.sort === "best"}>${say("sort.best")}</option>
              <option value="new" ?selected=${wish.sort === "new"}>${say("sort.new")}</option>
            </select></label>`
          : nothing}
      </div>
      ${problem
        ? html`<p class="stale" role="alert" data-testid="stale">${icon(isOffline(problem) ? "line" : "warn")}<span>${problemText(problem)}</span>
            <button type="button" @click=${() => void this.#search()}>${say("search.again")}</button></p>`
        : nothing}
      ${found.did_you_mean
        ? html`<p class="mean">${say("search.mean")} <button type="button" data-testid="mean" @click=${() => this.#tell({ ...wish, q: found.did_you_mean, page: 1 }, true)}>${found.did_you_mean}</button></p>`
        : nothing}
      ${found.items.length ? html`<ul class="cards" data-testid="results">${found.items.map(resultCard)}</ul>${this.#pages(found)}` : this.#empty()}
    `;
  }

  #count(found: Found): string {
    const asked = this.answered;
    const { about, total } = found;
    if (!asked.q && !chosenOf(asked).length) return say(about ? "search.newestAbout" : "search.newest", { n: total });
    return total ? say(about ? "search.countAbout" : "search.count", { n: total, ms: Math.max(1, Math.round(found.took_ms)) }) : say("search.none");
  }

  #empty(): TemplateResult {
    if (same(this.answered, NO_WISH)) return html`<div class="box">${emptiness("library", say(this.adds ? "search.emptyAdd" : "search.empty"))}</div>`;
    const filters = chosenOf(this.wish).length > 0;
    return html`<div class="box">${emptiness(
      "search",
      say(filters ? "search.tryWithout" : "search.try"),
      filters ? html`<button type="button" data-testid="no-filters" @click=${this.#unfiltered}>${say("search.noFilters")}</button>` : "",
    )}</div>`;
  }

  #pages(found: Found): TemplateResult | typeof nothing {
    const pages = pagesFor(found.total);
    if (pages < 2) return nothing;
    const { page } = this.answered;
    const go = (to: number, label: string, mark: "left" | "right"): TemplateResult => html`<button type="button" data-testid="page-${mark}" ?disabled=${to < 1 || to > pages}
      @click=${() => this.#page(to)}>${mark === "left" ? icon("left") : nothing}${label}${mark === "right" ? icon("right") : nothing}</button>`;
    return html`<nav class="pages" aria-label=${say("search.pages")}>
      ${go(page - 1, say("search.before"), "left")} <span>${say("search.page", { page, pages })}</span> ${go(page + 1, say("search.next"), "right")}
    </nav>`;
  }

  #bones(): TemplateResult {
    return this.slow
      ? html`<div class="bones" aria-busy="true">${[0, 1, 2].map(() => html`<div><i></i><span><b></b><b></b></span></div>`)}</div>`
      : html`<p class="sr" role="status">${say("search.asking")}</p>`;
  }

  #page(page: number): void {
    this.#tell({ ...this.wish, page }, true);
    scrollTo({ top: 0 });
  }

  #tell(wish: Wish, step: boolean): void {
    this.dispatchEvent(new CustomEvent<Wished>("wish", { detail: { wish, step } }));
  }

  #online = (): void => {
    if (this.problem) void this.#search();
  };

  /** The older question is given up; its answer stays until the new one is there, so that nothing flickers. */
  async #search(): Promise<void> {
    this.#abort?.abort();
    clearTimeout(this.#timer);
    const abort = new AbortController();
    const { wish } = this;
    this.#abort = abort;
    this.#timer = window.setTimeout(() => (this.slow = true), BONES_AFTER_MS);
    try {
      const found = await this.rest.get<Found>("/library/search", searchQuery(wish), { signal: abort.signal });
      if (this.#abort !== abort) return;
      this.found = found;
      for (const facet of FACETS) for (const it of found.facets[facet] ?? []) if (it.label && it.label !== it.value) this.#labels.set(`${facet} ${it.value}`, it.label);
      this.answered = wish;
      this.problem = null;
    } catch (problem) {
      if (this.#abort !== abort || cancelled(problem)) return;
      this.problem = problem;
    }
    clearTimeout(this.#timer);
    this.slow = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-library-search": SearchView;
  }
}
