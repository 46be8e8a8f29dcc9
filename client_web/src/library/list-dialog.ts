/** Many resources by a list: the template, a file that is dropped, the report. Sends `added` when rows were written, and `dismiss`. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import { field, fieldCss } from "../components/field.ts";
import "../components/import-box.ts";
import "../components/pick.ts";
import type { Choice } from "../components/pick.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { findSchools } from "../lib/lookups.ts";
import type { Me, Rest } from "../lib/rest.ts";
import { onlySchool, templateUrl } from "./lists.ts";
import { say } from "./say.ts";

@customElement("tk-library-list")
export class ListDialog extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    css`
      tk-dialog {
        --dialog-width: 760px;
      }
      .lead {
        margin: var(--s2) 0 var(--s4);
        color: var(--text-2);
      }
      a.button {
        min-height: 44px;
        color: var(--text);
        text-decoration: none;
      }
      a.button:hover {
        background: var(--surface-2);
      }
      tk-import {
        margin-top: var(--s4);
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) me!: Me;
  @state() private school: Choice | null = null;
  @state() private working = false;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const only = onlySchool(this.me);
    const school = only || this.school?.id || "";
    return html`<tk-dialog heading=${say("list.title")} testid="list" @dismiss=${() => this.dispatchEvent(new CustomEvent("dismiss"))}>
      <p class="lead">${say("list.lead")}</p>
      <a class="button" href=${templateUrl(say("list.columns"))} download="library.csv" data-testid="list-template">${icon("save")}${say("list.template")}</a>
      ${only
        ? nothing
        : field(
            say("list.school"),
            html`<tk-pick testid="list-school" label=${say("list.school")} .chosen=${this.school} .find=${findSchools(this.rest)} @pick=${(event: CustomEvent<Choice | null>) => (this.school = event.detail)}></tk-pick>`,
          )}
      <tk-import .rest=${this.rest} kind="library" .query=${{ school }} lacks=${school ? "" : say("list.needsSchool")}
        @busy=${(event: CustomEvent<boolean>) => (this.working = event.detail)} @done=${() => this.dispatchEvent(new CustomEvent("added"))}></tk-import>
      ${this.working ? html`<p class="lead">${say("list.goesOn")}</p>` : nothing}
      <button slot="actions" type="button" data-testid="list-close" @click=${() => this.dispatchEvent(new CustomEvent("dismiss"))}>${say("list.close")}</button>
    </tk-dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-library-list": ListDialog;
  }
}
