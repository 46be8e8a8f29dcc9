/**
 * A long list of the server as a table, on a phone as cards: skeleton, nothing there, trouble, one more page.
 * `load` is asked anew when another function is given, or on `reload`.
 */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { LangController } from "../lib/i18n.ts";
import type { IconName } from "../lib/icons.ts";
import { Paging } from "../lib/paging.ts";
import type { Page } from "../lib/rest.ts";
import { baseCss } from "./base-css.ts";
import { foldingCss } from "./folding-css.ts";
import { frameSay as say } from "./frame-say.ts";
import { tagCss } from "./tag.ts";
import { emptiness, trouble, troubleCss } from "./trouble.ts";

const SKELETONS = [0, 1, 2, 3];

export interface Column<T> {
  /** Its heading; empty over buttons. */
  name: string;
  cell: (row: T) => unknown;
  /** Numbers and buttons stand at the right. */
  right?: boolean;
  /** Ids and times are not broken over lines. */
  whole?: boolean;
}

export class DataTable<T extends object = Record<string, unknown>> extends LitElement {
  static override styles = [
    baseCss,
    tagCss,
    troubleCss,
    css`
      :host {
        display: block;
      }
      .box {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        overflow: hidden;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th,
      td {
        padding: 10px var(--s4);
        text-align: left;
        vertical-align: middle;
      }
      th {
        background: var(--surface-2);
        color: var(--text-2);
        font-size: 13px;
        font-weight: 600;
        white-space: nowrap;
      }
      tbody tr + tr {
        border-top: 1px solid var(--line);
      }
      tbody tr:hover {
        background: var(--hover, transparent);
      }
      td {
        overflow-wrap: anywhere;
      }
      .right {
        text-align: right;
      }
      td.whole {
        white-space: nowrap;
      }
      td.right {
        font-variant-numeric: tabular-nums;
      }
      td button {
        min-height: 36px;
        padding: 4px var(--s3);
        font-size: 14px;
      }
      td strong {
        font-weight: 600;
      }
      td small {
        display: block;
        color: var(--text-2);
        font-size: 13px;
      }
      .bone {
        height: 14px;
        border-radius: 7px;
        background: var(--surface-2);
      }
      .more {
        padding: var(--s3);
        border-top: 1px solid var(--line);
        text-align: center;
      }
      @media (max-width: 720px) {
        td[data-name=""] {
          display: block;
          padding-top: var(--s2);
        }
        td[data-name=""]::before {
          display: none;
        }
        td:first-child {
          font-size: 17px;
        }
      }
    `,
    foldingCss,
  ];

  @property({ attribute: false }) columns: Column<T>[] = [];
  @property({ attribute: false }) load: ((after: string) => Promise<Page<T>>) | null = null;
  /** What keeps a row apart from the others. */
  @property({ attribute: false }) key: (row: T) => unknown = (row) => row;
  @property({ attribute: false }) nothing: { mark: IconName; text: string; doing?: TemplateResult } | null = null;
  @property() label = "";
  @property() testid = "";
  #paging: Paging<T> | null = null;

  constructor() {
    super();
    new LangController(this);
  }

  /** It has asked, and the answer is not there yet. */
  get asking(): boolean {
    return this.#paging?.asking ?? false;
  }

  /** Asks again for all that is shown, which stays meanwhile. */
  reload(): void {
    void this.#paging?.again();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("load")) return;
    this.#paging = this.load && new Paging<T>(this.load, () => this.requestUpdate());
    this.reload();
  }

  protected override render() {
    const { rows, problem, next, adding } = this.#paging ?? { rows: null, problem: null, next: null, adding: false };
    if (problem && rows === null) return html`<div class="box">${trouble(problem, () => this.reload())}</div>`;
    if (rows?.length === 0 && !problem && this.nothing) {
      return html`<div class="box">${emptiness(this.nothing.mark, this.nothing.text, this.nothing.doing)}</div>`;
    }
    return html`<div class="box" data-testid=${this.testid} aria-busy=${String(rows === null)}>
      <table aria-label=${this.label}>
        <thead><tr>${this.columns.map((it) => html`<th scope="col" class=${it.right ? "right" : ""}>${it.name || html`<span class="sr">${say("table.actions")}</span>`}</th>`)}</tr></thead>
        <tbody>
          ${rows === null
            ? SKELETONS.map(() => html`<tr>${this.columns.map((it) => html`<td data-name=${it.name}><div class="bone"></div></td>`)}</tr>`)
            : repeat(
                rows,
                (row) => this.key(row),
                (row) => html`<tr data-testid="row">
                  ${this.columns.map((it) => html`<td data-name=${it.name} class="${it.right ? "right" : ""} ${it.whole ? "whole" : ""}"><div>${it.cell(row)}</div></td>`)}
                </tr>`,
              )}
        </tbody>
      </table>
      ${problem ? trouble(problem, () => this.reload()) : nothing}
      ${next !== null && !problem
        ? html`<div class="more">
            <button type="button" ?disabled=${adding} @click=${() => void this.#paging?.more()}>${say("table.more")}</button>
          </div>`
        : nothing}
    </div>`;
  }

}

customElements.define("tk-table", DataTable);

declare global {
  interface HTMLElementTagNameMap {
    "tk-table": DataTable;
  }
}
