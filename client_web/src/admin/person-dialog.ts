/** One person: roles given and taken, name, password, sign-in service, account closed and opened again. Sends `changed` and `dismiss`. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../components/dialog.ts";
import { tag } from "../components/tag.ts";
import { icon } from "../lib/icons.ts";
import { grantAsks, grantOf, scopeText, type Granted, type Person } from "./people.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";

@customElement("tk-person")
export class PersonDialog extends Tab {
  static override styles = [
    ...Tab.styles,
    css`
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        grid-gap: var(--s1) var(--s4);
        margin: var(--s4) 0;
      }
      dt {
        color: var(--text-2);
      }
      h3 {
        margin: var(--s4) 0 var(--s2);
        font-size: 16px;
      }
      li {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--s3);
        padding: var(--s2) 0;
        border-top: 1px solid var(--line);
      }
      li button {
        min-height: 36px;
        padding: 4px var(--s3);
        font-size: 14px;
      }
      .buttons {
        margin-top: var(--s4);
      }
    `,
  ];

  @property({ attribute: false }) person!: Person;
  /** Whether this server has a sign-in service. */
  @state() private service = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.rest.get<{ oidc: boolean }>("/login").then(({ oidc }) => (this.service = oidc), () => undefined);
  }

  protected override render(): TemplateResult {
    const it = this.person;
    return html`
      <tk-dialog heading=${it.name} testid="person-dialog" @dismiss=${() => this.dispatchEvent(new CustomEvent("dismiss"))}>
        <dl>
          <dt>${say("people.login")}</dt><dd>${it.login || say("people.noLogin")}</dd>
          ${this.service || it.subject ? html`<dt>${say("people.service")}</dt><dd>${it.subject || say("people.notLinked")}</dd>` : nothing}
          <dt>${say("people.school")}</dt><dd>${it.school_name || "–"}</dd>
          <dt>${say("people.state")}</dt><dd>${it.active ? tag("ok", say("people.active")) : tag("bad", say("people.closed"))}</dd>
        </dl>
        ${this.status()}
        <h3>${say("people.roles")}</h3>
        ${it.grants.length ? nothing : html`<p class="note">${say("people.noRole")}</p>`}
        <ul data-testid="grants">
          ${it.grants.map(
            (grant) => html`<li>
              <span>${scopeText(grant)}</span>
              ${this.may("role.grant")
                ? html`<button type="button" ?disabled=${this.busy} aria-label=${`${say("grant.take")} ${scopeText(grant)}`} @click=${() => void this.#take(grant)}>${say("grant.take")}</button>`
                : nothing}
            </li>`,
          )}
        </ul>
        ${this.may("role.grant")
          ? html`<div class="buttons"><button type="button" data-testid="grant" @click=${() => this.#grant()}>${icon("plus")}${say("grant.give")}</button></div>`
          : nothing}
        ${this.may("people.write")
          ? html`<h3>${say("people.account")}</h3>
              <div class="buttons">
                <button type="button" data-testid="rename" @click=${() => this.#rename()}>${say("action.rename")}</button>
                ${it.login ? html`<button type="button" data-testid="reset" @click=${() => this.#reset()}>${say("people.reset")}</button>` : nothing}
                ${this.service ? html`<button type="button" data-testid="link" @click=${() => this.#link()}>${say("people.link")}</button>` : nothing}
                <button type="button" data-testid="close-account" ?disabled=${this.busy} @click=${() => this.#close()}>
                  ${it.active ? say("people.close") : say("people.reopen")}
                </button>
              </div>`
          : nothing}
      </tk-dialog>
      ${this.asking()}
    `;
  }

  protected override changed(): void {
    this.dispatchEvent(new CustomEvent("changed"));
    // What is shown here comes from the list; a person who cannot be read any more stays as she was.
    this.rest.get<Person>(`/people/${this.person.id}`).then((person) => (this.person = person), () => undefined);
  }

  #grant(): void {
    const { school, school_name } = this.person;
    this.ask({
      heading: say("grant.to", { name: this.person.name }),
      asks: grantAsks(this.rest, this.me, school ? { id: school, name: school_name } : null),
      action: say("grant.give"),
      save: async (said) => {
        const { changed } = await this.rest.post<{ changed: boolean }>(`/people/${this.person.id}/grants`, grantOf(said));
        this.said = say(changed ? "grant.given" : "grant.had");
      },
    });
  }

  #take(grant: Granted): Promise<void> {
    const { role, kind, scope } = grant;
    return this.do(() => this.rest.delete(`/people/${this.person.id}/grants`, { role, kind, scope }), say("grant.taken"));
  }

  #rename(): void {
    this.ask({
      heading: say("action.rename"),
      asks: [{ kind: "text", name: "name", label: say("people.name"), value: this.person.name, most: 120 }],
      action: say("action.save"),
      save: ({ name }) => this.rest.patch(`/people/${this.person.id}`, { name }),
    });
  }

  #link(): void {
    this.ask({
      heading: say("people.linkOf", { name: this.person.name }),
      lead: say("people.linkLead"),
      asks: [{ kind: "text", name: "subject", label: say("people.subject"), hint: say("people.subjectHint"), value: this.person.subject ?? "", most: 200, optional: true }],
      action: say("action.save"),
      save: async ({ subject }) => {
        await this.rest.patch(`/people/${this.person.id}`, { subject });
        this.said = say(subject ? "people.linked" : "people.unlinked");
      },
    });
  }

  #reset(): void {
    this.ask({
      heading: say("people.resetOf", { name: this.person.name }),
      lead: say("people.resetLead"),
      asks: [{ kind: "new-password", name: "password", label: say("people.password"), hint: say("people.passwordHint") }],
      action: say("people.reset"),
      save: async ({ password }) => {
        await this.rest.put(`/people/${this.person.id}/password`, { password });
        this.said = say("people.resetDone");
      },
    });
  }

  #close(): void {
    const { id, name, active } = this.person;
    if (!active) {
      void this.do(() => this.rest.patch(`/people/${id}`, { active: true }), say("people.reopened"));
      return;
    }
    this.ask({
      heading: say("people.closeOf", { name }),
      lead: say("people.closeLead"),
      asks: [],
      action: say("people.close"),
      danger: true,
      save: async () => {
        await this.rest.patch(`/people/${id}`, { active: false });
        this.said = say("people.closedNow");
      },
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-person": PersonDialog;
  }
}
