/** The audit log: who did what to what, newest first, and whether it is still as it was written. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { actionText, actorText, detailLines, type AuditRow } from "../components/audit.ts";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import { field } from "../components/field.ts";
import { icon } from "../lib/icons.ts";
import type { Page } from "../lib/rest.ts";
import { dateTime, plusDays } from "../lib/when.ts";
import { say } from "./say.ts";
import { Tab, afterTyping } from "./tab.ts";

interface Listed extends AuditRow {
  subject: string;
}

interface Verified {
  ok: boolean;
  rows: number;
  broken_at: number | null;
  why: string;
  anchor: string;
}

/** Beginnings of actions that one looks for. */
const GROUPS = ["login.", "access.", "person.", "role.", "device.", "booking.", "lesson.", "school.", "classroom.", "webhook."] as const;

@customElement("tk-audit-tab")
export class AuditTab extends Tab {
  static override styles = [
    ...Tab.styles,
    css`
      .verified {
        font-family: monospace;
        font-size: 13px;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @state() private verified: Verified | null = null;
  #wish: Record<string, string> = {};
  #load = this.#listing();

  protected override render(): TemplateResult {
    const whole = this.mayIn("audit.read", "system");
    return html`
      <div class="bar">
        ${field(
          say("audit.action"),
          html`<select data-testid="audit-action" @change=${(event: Event) => this.#filter("action", (event.target as HTMLSelectElement).value)}>
            <option value="">${say("audit.any")}</option>
            ${GROUPS.map((group) => html`<option value=${group}>${say(`group.${group.slice(0, -1) as "login"}`)}</option>`)}
          </select>`,
        )}
        ${field(say("audit.subject"), html`<input data-testid="audit-subject" placeholder=${say("audit.id")} @input=${afterTyping((text) => this.#filter("subject", text))} />`)}
        ${field(say("audit.since"), html`<input type="date" @change=${(event: Event) => this.#filter("since", (event.target as HTMLInputElement).value)} />`)}
        ${field(say("audit.until"), html`<input type="date" @change=${(event: Event) => this.#filter("until", (event.target as HTMLInputElement).value)} />`)}
        ${whole
          ? html`<button type="button" class="grow" data-testid="verify" ?disabled=${this.busy} @click=${() => void this.#verify()}>${icon("check")}${say("audit.verify")}</button>`
          : nothing}
      </div>
      ${this.status()}
      ${this.verified ? this.#result(this.verified) : nothing}
      <tk-table testid="audit" label=${say("tab.audit")} .columns=${this.#columns()} .load=${this.#load} .key=${(it: Listed) => it.number}
        .nothing=${{ mark: "file", text: say(this.#partly ? "audit.partly" : "audit.none") }}></tk-table>
    `;
  }

  /** Who may not read everything has to say whose rows; without it there is nothing to ask for. */
  get #partly(): boolean {
    return !this.mayIn("audit.read", "system") && !this.#wish["subject"];
  }

  #result(it: Verified): TemplateResult {
    return html`<div class=${it.ok ? "said" : "refused"} role="status" data-testid="verified" data-ok=${String(it.ok)}>
      ${it.ok ? say("audit.ok", { n: it.rows }) : say("audit.broken", { n: it.broken_at ?? 0 })} ${it.ok ? nothing : it.why}
      <p class="verified">${it.anchor}</p>
    </div>`;
  }

  #columns(): Column<Listed>[] {
    return [
      { name: say("audit.when"), whole: true, cell: (it) => html`${dateTime(it.at)}<small>${say("audit.number", { n: it.number })}</small>` },
      { name: say("audit.who"), whole: true, cell: (it) => actorText(it) },
      { name: say("audit.action"), cell: (it) => html`<strong>${actionText(it.action)}</strong><small>${it.action}</small>` },
      { name: say("audit.subject"), whole: true, cell: (it) => html`<small>${it.subject}</small>` },
      { name: say("audit.detail"), cell: (it) => html`<small>${detailLines(it.detail).map((line) => html`${line}<br />`)}</small>` },
    ];
  }

  #listing(): (after: string) => Promise<Page<Listed>> {
    const { action = "", subject = "", since = "", until = "" } = this.#wish;
    const at = (day: string): number => new Date(`${day}T00:00:00`).getTime() / 1000;
    const query = { action, subject, since: since ? at(since) : null, until: until ? at(plusDays(until, 1)) : null };
    return async (after) => (this.#partly ? { items: [], next: null } : this.rest.page<Listed>("/audit", { ...query, after }));
  }

  #filter(name: string, value: string): void {
    this.#wish = { ...this.#wish, [name]: value };
    this.#load = this.#listing();
    this.requestUpdate();
  }

  #verify(): Promise<void> {
    this.verified = null;
    return this.do(async () => {
      this.verified = await this.rest.get<Verified>("/audit/verify", {}, { timeoutMs: 300_000 });
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-audit-tab": AuditTab;
  }
}
