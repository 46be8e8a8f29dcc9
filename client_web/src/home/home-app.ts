/** `/home`: what somebody's roles ask of her today, and her account. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../components/app-frame.ts";
import { baseCss } from "../components/base-css.ts";
import { roleName } from "../components/frame-say.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { LangController, t } from "../lib/i18n.ts";
import { longDate } from "../lib/format.ts";
import { Rest, type Me } from "../lib/rest.ts";
import { icon } from "../lib/icons.ts";
import { hasRole, may, pagesOf, teaches } from "../lib/rights.ts";
import "./account.ts";
import "./care.ts";
import "./find.ts";
import { homeCss } from "./home-css.ts";
import "./my-lessons.ts";
import { say } from "./say.ts";
import "./school-day.ts";
import "./told.ts";

@customElement("tk-home")
export class Home extends LitElement {
  static override styles = [
    baseCss,
    troubleCss,
    homeCss,
    css`
      .page {
        max-width: 1280px;
        margin: 0 auto;
        padding: var(--s6);
      }
      h1 {
        font-size: 26px;
      }
      .day {
        color: var(--text-2);
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 400px;
        grid-gap: var(--s5);
        align-items: start;
        margin-top: var(--s5);
      }
      .column {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        grid-gap: var(--s5);
      }
      @media (max-width: 1080px) {
        .page {
          padding: var(--s4);
        }
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @state() private me: Me | null = null;
  #rest = new Rest();

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    return html`<tk-frame here="home" .rest=${this.#rest} @me=${(event: CustomEvent<Me>) => (this.me = event.detail)}>
      ${this.me ? this.#page(this.me) : nothing}
    </tk-frame>`;
  }

  #page(me: Me): TemplateResult {
    const mine = teaches(me);
    const plans = may(me, "booking.approve") && (hasRole(me, "planner") || Boolean(me.person.school));
    const cares = may(me, "device.pair");
    return html`<div class="page">
      <h1>${say("home.hello", { name: me.person.name })}</h1>
      <p class="day">${longDate(Date.now())} · ${this.#roles(me)}</p>
      <div class="columns">
        <div class="column">
          ${mine ? html`<tk-my-lessons .rest=${this.#rest}></tk-my-lessons>` : nothing}
          ${plans ? html`<tk-school-day .rest=${this.#rest} .me=${me}></tk-school-day>` : nothing}
          ${cares && !plans ? html`<tk-care .rest=${this.#rest} .me=${me}></tk-care>` : nothing}
          ${!mine && !plans && !cares ? html`<section>${this.#nothing(me)}</section>` : nothing}
        </div>
        <div class="column">
          ${cares && plans ? html`<tk-care .rest=${this.#rest} .me=${me}></tk-care>` : nothing}
          ${may(me, "library.read") ? html`<tk-find></tk-find>` : nothing}
          <tk-told .rest=${this.#rest}></tk-told>
          <tk-account .rest=${this.#rest} .me=${me}></tk-account>
        </div>
      </div>
    </div>`;
  }

  #nothing(me: Me): TemplateResult {
    if (!pagesOf(me).includes("timetable")) return emptiness("home", say("home.nothing"));
    return emptiness("home", say("home.quiet"), html`<a class="button" href="/timetable" data-testid="to-timetable">${icon("calendar")}${say("home.timetable")}</a>`);
  }

  #roles(me: Me): string {
    const roles = [...new Set(me.grants.map((grant) => grant.role))];
    return roles.length ? roles.map(roleName).join(t("list.comma")) : say("home.noRole");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-home": Home;
  }
}
