/**
 * A long list of the server as a table, on a phone as cards: skeleton, nothing there, trouble, one more page.
 * `load` is asked anew when another function is given, or on `reload`.
 */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { LangController } from "../lib/i18n.ts";
import type { IconName } from "../lib/icons.ts";
import { cancelled, type Page } from "../lib/rest.ts";
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
  @state() private rows: T[] | null = null;
  @state() private nextPage: string | null = null;
  @state() private problem: unknown = null;
  @state() private fetching = false;
  #turn = 0;

  constructor() {
    super();
    new LangController(this);
  }

  /** Asks again, and shows what was there meanwhile. */
  reload(): void {
    void this.#fetch("");
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("load")) return;
    this.rows = null;
    void this.#fetch("");
  }

  protected override render() {
    const { rows, problem } = this;
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
      ${problem ? trouble(problem, () => void this.#fetch(this.nextPage ?? "")) : nothing}
      ${this.nextPage !== null && !problem
        ? html`<div class="more">
            <button type="button" ?disabled=${this.fetching} @click=${() => void this.#fetch(this.nextPage ?? "")}>${say("table.more")}</button>
          </div>`
        : nothing}
    </div>`;
  }

  async #fetch(after: string): Promise<void> {
    const { load } = this;
    if (!load) return;
    const turn = (this.#turn += 1);
    this.fetching = true;
    try {
      const page = await load(after);
      if (turn !== this.#turn) return; // somebody typed on; a later question counts
      this.rows = after ? [...(this.rows ?? []), ...page.items] : page.items;
      this.nextPage = page.next;
      this.problem = null;
      this.dispatchEvent(new CustomEvent("loaded", { detail: this.rows.length }));
    } catch (error) {
      if (turn === this.#turn && !cancelled(error)) this.problem = error;
    } finally {
      if (turn === this.#turn) this.fetching = false;
    }
  }
}

customElements.define("tk-table", DataTable);

declare global {
  interface HTMLElementTagNameMap {
    "tk-table": DataTable;
  }
}
