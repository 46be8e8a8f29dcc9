/** Regions as a tree at the side, the schools of the chosen one as a table beside it. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import { field } from "../components/field.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag } from "../components/tag.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import type { Page } from "../lib/rest.ts";
import { kindsBelow, schoolAsks, treeOf, type Branch, type Region, type School } from "./places.ts";
import { say } from "./say.ts";
import { Tab, afterTyping } from "./tab.ts";

@customElement("tk-places-tab")
export class PlacesTab extends Tab {
  static override styles = [
    ...Tab.styles,
    loadedCss,
    css`
      .two {
        display: grid;
        grid-template-columns: 280px minmax(0, 1fr);
        grid-gap: var(--s6);
        align-items: start;
      }
      .tree {
        padding: var(--s3);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        max-height: calc(100vh - 200px);
        overflow: auto;
      }
      .tree ul ul {
        margin-left: var(--s4);
      }
      .tree a {
        display: block;
        padding: 6px var(--s3);
        border-radius: var(--radius-s);
        color: var(--text);
        text-decoration: none;
      }
      .tree a:hover {
        background: var(--surface-2);
      }
      .tree a[aria-current] {
        background: var(--accent-soft);
        color: var(--accent);
        font-weight: 600;
      }
      .tree small {
        color: var(--text-2);
      }
      @media (max-width: 860px) {
        .two {
          grid-template-columns: minmax(0, 1fr);
        }
        .tree {
          max-height: 220px;
        }
      }
    `,
  ];

  /** Whose schools are shown; empty: all. */
  @property() region = "";
  @state() private q = "";
  #regions = new Loading<Region[]>(this, async () => (await this.rest.all<Region>("/regions")).items);
  #load: ((after: string) => Promise<Page<School>>) | null = null;
  #of = "\0";

  protected override willUpdate(): void {
    const of = `${this.region} ${this.q}`;
    if (of === this.#of) return;
    this.#of = of;
    const query = { region: this.region, q: this.q };
    this.#load = (after) => this.rest.page<School>("/schools", { ...query, after });
  }

  protected override render(): TemplateResult {
    return html`
      ${this.status()}
      <div class="two">
        <div>
          <nav class="tree" aria-label=${say("places.tree")} data-testid="regions">
            <a href="#/places" aria-current=${this.region ? nothing : "true"}>${say("places.all")}</a>
            ${loaded(this.#regions, (regions) => this.#branches(treeOf(regions)))}
          </nav>
        </div>
        <div>
          <div class="bar">
            ${field(say("places.search"), html`<input type="search" data-testid="school-search" @input=${this.#typed} />`)}
            ${this.mayIn("places.write", "system", "region") ? this.#doing() : nothing}
          </div>
          <tk-table testid="schools" label=${say("places.schools")} .columns=${this.#columns()} .load=${this.#load} .key=${(it: School) => it.id}
            .nothing=${{ mark: "house", text: say(this.q ? "places.noneFound" : "places.none") }}></tk-table>
        </div>
      </div>
      ${this.asking()}
    `;
  }

  #branches(branches: readonly Branch[]): TemplateResult {
    return html`<ul>
      ${branches.map(
        ({ region, branches }) => html`<li>
          <a href="#/places/${region.id}" aria-current=${region.id === this.region ? "true" : nothing}>${region.name}
            <small>${say.maybe(`region.${region.kind}`) ?? region.kind}</small></a>
          ${branches.length ? this.#branches(branches) : nothing}
        </li>`,
      )}
    </ul>`;
  }

  #doing(): TemplateResult {
    const region = this.#chosen();
    return html`<div class="buttons grow">
      ${region
        ? html`<button type="button" data-testid="region-rename" @click=${() => this.#rename(region)}>${say("action.rename")}</button>
            <button type="button" ?disabled=${this.busy} data-testid="region-remove" @click=${() => this.#remove(region)}>${say("action.remove")}</button>`
        : nothing}
      ${kindsBelow(region?.kind ?? "").length
        ? html`<button type="button" data-testid="region-new" @click=${() => this.#create(region)}>${icon("plus")}${say("places.newRegion")}</button>`
        : nothing}
      ${region
        ? html`<button type="button" class="primary" data-testid="school-new" @click=${() => this.#school(region)}>${icon("plus")}${say("places.newSchool")}</button>`
        : nothing}
    </div>`;
  }

  #columns(): Column<School>[] {
    return [
      { name: say("school.name"), cell: (it) => html`<strong>${it.name}</strong>` },
      { name: say("school.region"), cell: (it) => it.region_name },
      { name: say("school.kind"), cell: (it) => say.maybe(`kind.${it.kind}`) ?? it.kind },
      { name: say("people.state"), cell: (it) => (it.active ? tag("ok", say("place.open")) : tag("plain", say("place.closed"))) },
      {
        name: "",
        right: true,
        cell: (it) => html`${this.may("rating.read") ? html`<a class="open" href="/school#id=${it.id}" data-testid="school-quality">${say("places.quality")}</a> ` : nothing}
          <a class="open" href="#/school/${it.id}" data-testid="school-open">${say("places.open")}</a>`,
      },
    ];
  }

  #chosen(): Region | null {
    return this.#regions.value?.find((it) => it.id === this.region) ?? null;
  }

  protected override changed(): void {
    super.changed();
    void this.#regions.again();
  }

  #create(parent: Region | null): void {
    const kinds = kindsBelow(parent?.kind ?? "");
    this.ask({
      heading: parent ? say("places.newRegionIn", { name: parent.name }) : say("places.newRegion"),
      asks: [
        { kind: "select", name: "kind", label: say("school.kind"), options: kinds.map((kind) => [kind, say(`region.${kind as "city"}`)] as const) },
        { kind: "text", name: "name", label: say("thing.name"), most: 120 },
      ],
      action: say("action.create"),
      save: ({ kind, name }) => this.rest.create("/regions", { parent: parent?.id ?? null, kind, name }),
    });
  }

  #rename(region: Region): void {
    this.ask({
      heading: say("action.rename"),
      asks: [{ kind: "text", name: "name", label: say("thing.name"), value: region.name, most: 120 }],
      action: say("action.save"),
      save: ({ name }) => this.rest.patch(`/regions/${region.id}`, { name }),
    });
  }

  #remove(region: Region): void {
    this.ask({
      heading: say("places.removeOf", { name: region.name }),
      lead: say("places.removeLead"),
      asks: [],
      action: say("action.remove"),
      danger: true,
      save: async () => {
        await this.rest.delete(`/regions/${region.id}`);
        location.hash = region.parent ? `#/places/${region.parent}` : "#/places";
      },
    });
  }

  #school(region: Region): void {
    this.ask({
      heading: say("places.newSchoolIn", { name: region.name }),
      asks: schoolAsks(this.rest, null, null),
      action: say("action.create"),
      save: ({ name, kind, calendar, approves }) => this.rest.create("/schools", { region: region.id, name, kind, calendar, approves }),
    });
  }

  #typed = afterTyping((text) => (this.q = text));
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-places-tab": PlacesTab;
  }
}
