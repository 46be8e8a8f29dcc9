/** The lessons behind one line of the ledger, each with the audit rows that it stands on. */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { auditCss, auditRows } from "../components/audit-rows.ts";
import type { AuditRow } from "../components/audit.ts";
import { baseCss } from "../components/base-css.ts";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import "../components/dialog.ts";
import { trouble, troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import type { Page, Query, Rest } from "../lib/rest.ts";
import { longDay, timeOfDay } from "../lib/when.ts";
import type { Item } from "./lines.ts";
import { say } from "./say.ts";

@customElement("tk-ledger-items")
export class LedgerItems extends LitElement {
  static override styles = [
    baseCss,
    troubleCss,
    auditCss,
    css`
      :host {
        display: block;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) query: Query = {};
  @state() private open: Item | null = null;
  @state() private rows: AuditRow[] | null = null;
  @state() private problem: unknown = null;
  #load: ((after: string) => Promise<Page<Item>>) | null = null;

  constructor() {
    super();
    new LangController(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("query")) return;
    const { query } = this;
    this.#load = (after) => this.rest.page<Item>("/ledger/items", { ...query, after });
  }

  protected override render(): TemplateResult {
    return html`
      <tk-table testid="items" label=${say("ledger.lesson")} .columns=${this.#columns()} .load=${this.#load} .key=${(it: Item) => it.lesson + it.part}
        .nothing=${{ mark: "calendar", text: say("ledger.none") }}></tk-table>
      ${this.open ? this.#dialog(this.open) : nothing}
    `;
  }

  #columns(): Column<Item>[] {
    return [
      { name: say("ledger.day"), whole: true, cell: (it) => html`${longDay(it.day)} ${timeOfDay(it.starts)}` },
      { name: say("ledger.lesson"), cell: (it) => html`<a href=${`/lesson#id=${it.lesson}`}>${it.title}</a>` },
      { name: say("ledger.planned"), right: true, whole: true, cell: (it) => say("ledger.minutes", { n: Math.round(it.planned_s / 60) }) },
      { name: say("ledger.taught"), right: true, whole: true, cell: (it) => html`<strong>${say("ledger.minutes", { n: Math.round(it.taught_s / 60) })}</strong>` },
      {
        name: say("ledger.log"),
        cell: (it) =>
          it.audit.length
            ? html`<button type="button" data-testid="item-log" @click=${() => void this.#show(it)}>${it.audit.map((number) => `#${number}`).join(" ")}</button>`
            : html`<small>${say("ledger.noLog")}</small>`,
      },
    ];
  }

  #dialog(item: Item): TemplateResult {
    const close = (): null => (this.open = null);
    return html`<tk-dialog heading=${say("ledger.logOf", { title: item.title })} testid="log-dialog" @dismiss=${close}>
      ${this.problem ? trouble(this.problem, () => void this.#show(item)) : this.rows ? auditRows(this.rows, say("ledger.detail")) : html`<p class="instead">…</p>`}
      <a slot="actions" href=${`/lesson#id=${item.lesson}`}>${say("ledger.lesson")}</a>
      <button slot="actions" type="button" @click=${close}>${say("ledger.close")}</button>
    </tk-dialog>`;
  }

  /** The figure's own rows: whoever may see the hours may read them in the lesson's evidence. */
  async #show(item: Item): Promise<void> {
    this.open = item;
    this.rows = null;
    this.problem = null;
    try {
      const { audit } = await this.rest.get<{ audit: AuditRow[] }>(`/lessons/${item.lesson}/evidence`);
      if (this.open === item) this.rows = audit.filter(({ number }) => item.audit.includes(number));
    } catch (problem) {
      this.problem = problem;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-ledger-items": LedgerItems;
  }
}
