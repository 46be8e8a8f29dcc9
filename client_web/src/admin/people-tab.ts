/** People: search, new accounts, and one person with roles and account in a dialog. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import { field } from "../components/field.ts";
import { roleName } from "../components/frame-say.ts";
import { tag } from "../components/tag.ts";
import { icon } from "../lib/icons.ts";
import { findSchools } from "../lib/lookups.ts";
import type { Page } from "../lib/rest.ts";
import { grantableRoles, scopeText, type Person } from "./people.ts";
import "./person-dialog.ts";
import { say } from "./say.ts";
import { Tab, afterTyping } from "./tab.ts";

@customElement("tk-people-tab")
export class PeopleTab extends Tab {
  @state() private q = "";
  @state() private wanted = "";
  @state() private shown: Person | null = null;
  #load = this.#listing();

  protected override render(): TemplateResult {
    return html`
      <div class="bar">
        ${field(
          say("people.search"),
          html`<input type="search" data-testid="people-search" placeholder=${say("people.searchHint")} @input=${this.#typed} />`,
        )}
        ${field(
          say("grant.role"),
          html`<select @change=${(event: Event) => this.#filter(this.q, (event.target as HTMLSelectElement).value)}>
            <option value="">${say("people.anyRole")}</option>
            ${["teacher", "assistant", "planner", "admin", "supervisor", "staff"].map((role) => html`<option value=${role}>${roleName(role)}</option>`)}
          </select>`,
        )}
        ${this.may("people.write")
          ? html`<button class="primary grow" type="button" data-testid="person-new" @click=${() => this.#create()}>${icon("plus")}${say("people.new")}</button>`
          : nothing}
      </div>
      ${this.status()}
      <tk-table testid="people" label=${say("tab.people")} .columns=${this.#columns()} .load=${this.#load} .key=${(it: Person) => it.id}
        .nothing=${{ mark: "people", text: say(this.q || this.wanted ? "people.noneFound" : "people.none") }}></tk-table>
      ${this.shown
        ? html`<tk-person .rest=${this.rest} .me=${this.me} .person=${this.shown} @dismiss=${() => (this.shown = null)} @changed=${() => this.changed()}></tk-person>`
        : nothing}
      ${this.asking()}
    `;
  }

  #columns(): Column<Person>[] {
    return [
      { name: say("people.name"), cell: (it) => html`<strong>${it.name}</strong><small>${it.login || say("people.noLogin")}</small>` },
      { name: say("people.school"), cell: (it) => it.school_name || "–" },
      {
        name: say("people.roles"),
        cell: (it) => (it.grants.length ? html`<span>${it.grants.map((grant) => tag("plain", scopeText(grant)))}</span>` : say("people.noRole")),
      },
      { name: say("people.state"), cell: (it) => (it.active ? tag("ok", say("people.active")) : tag("bad", say("people.closed"))) },
      {
        name: "",
        right: true,
        cell: (it) => html`<button type="button" data-testid="person-open" aria-label=${`${say("people.manage")} ${it.name}`} @click=${() => (this.shown = it)}>${say("people.manage")}</button>`,
      },
    ];
  }

  #listing(): (after: string) => Promise<Page<Person>> {
    const query = { q: this.q, role: this.wanted };
    return (after) => this.rest.page<Person>("/people", { ...query, after });
  }

  #filter(q: string, role: string): void {
    this.q = q;
    this.wanted = role;
    this.#load = this.#listing();
  }

  #typed = afterTyping((text) => this.#filter(text, this.wanted));

  #create(): void {
    const roles = grantableRoles(this.me).map((role) => [role, roleName(role)] as const);
    this.ask({
      heading: say("people.new"),
      asks: [
        { kind: "text", name: "name", label: say("people.name"), most: 120 },
        { kind: "text", name: "login", label: say("people.login"), hint: say("people.loginHint"), most: 64 },
        { kind: "new-password", name: "password", label: say("people.password"), hint: say("people.passwordHint") },
        { kind: "pick", name: "school", label: say("people.school"), find: findSchools(this.rest) },
        { kind: "select", name: "role", label: say("grant.role"), options: [["", say("people.noRole")], ...roles], hint: say("people.roleHint"), optional: true },
      ],
      action: say("people.create"),
      save: async ({ name, login, password, school, role }) => {
        const { id } = await this.rest.post<{ id: string }>("/people", { name, login, password, school, language: "zh-CN" });
        // Its own step: when it is refused, the account is there and is given its role from its dialog.
        if (role) await this.rest.post(`/people/${id}/grants`, { role, kind: "school", scope: school });
        this.said = say("people.created", { name: String(name) });
      },
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-people-tab": PeopleTab;
  }
}
