/** `/admin`: tabs, each with its own address. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../components/app-frame.ts";
import { baseCss } from "../components/base-css.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { Rest, type Me } from "../lib/rest.ts";
import "./audit-tab.ts";
import "./bells-tab.ts";
import "./calendars-tab.ts";
import "./devices-tab.ts";
import "./imports-tab.ts";
import "./people-tab.ts";
import "./places-tab.ts";
import { routeOf, tabsOf, type Route, type TabName } from "./route.ts";
import { say } from "./say.ts";
import "./school-tab.ts";
import "./webhooks-tab.ts";
import "./work-tab.ts";

const MARKS: Record<TabName, IconName> = {
  people: "people",
  places: "house",
  devices: "screen",
  calendars: "calendar",
  bells: "bell",
  imports: "file",
  work: "tools",
  audit: "clock",
  webhooks: "link",
};

@customElement("tk-admin")
export class Admin extends LitElement {
  static override styles = [
    baseCss,
    troubleCss,
    css`
      .page {
        max-width: 1360px;
        margin: 0 auto;
        padding: var(--s5) var(--s6) var(--s8);
      }
      nav {
        display: flex;
        gap: var(--s1);
        margin-bottom: var(--s5);
        border-bottom: 1px solid var(--line);
        overflow-x: auto;
        scrollbar-width: none;
      }
      nav::-webkit-scrollbar {
        display: none;
      }
      nav a {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        min-height: 48px;
        padding: 0 var(--s3);
        border-bottom: 3px solid transparent;
        color: var(--text-2);
        font-weight: 500;
        text-decoration: none;
        white-space: nowrap;
      }
      nav a:hover {
        color: var(--text);
      }
      nav a[aria-current] {
        border-bottom-color: var(--accent);
        color: var(--accent);
      }
      nav a:focus-visible {
        box-shadow: inset 0 0 0 3px var(--accent);
      }
      @media (max-width: 720px) {
        .page {
          padding: 0 var(--s4) var(--s8);
        }
      }
    `,
  ];

  @state() private me: Me | null = null;
  @state() private hash = location.hash;
  #rest = new Rest();

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#moved);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#moved);
  }

  #moved = (): void => {
    this.hash = location.hash;
  };

  protected override render(): TemplateResult {
    return html`<tk-frame here="admin" .rest=${this.#rest} @me=${(event: CustomEvent<Me>) => (this.me = event.detail)}>
      ${this.me ? this.#page(this.me) : nothing}
    </tk-frame>`;
  }

  protected override updated(): void {
    // On a phone the tabs are wider than the screen.
    this.renderRoot.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  #page(me: Me): TemplateResult {
    const tabs = tabsOf(me);
    const route = routeOf(this.hash, tabs);
    if (!route) return html`<div class="page"><h1 class="sr">${say("admin.title")}</h1>${emptiness("tools", say("admin.nothing"), html`<a class="button" href="/home">${say("admin.home")}</a>`)}</div>`;
    const current = route.tab === "school" ? "places" : route.tab;
    return html`<div class="page">
      <h1 class="sr">${say("admin.title")}</h1>
      <nav aria-label=${say("admin.tabs")}>
        ${tabs.map(
          (tab) => html`<a href="#/${tab}" aria-current=${tab === current ? "page" : nothing} data-testid="tab-${tab}">${icon(MARKS[tab])}${say(`tab.${tab}`)}</a>`,
        )}
      </nav>
      ${this.#tab(route, me)}
    </div>`;
  }

  #tab({ tab, id }: Route, me: Me): TemplateResult {
    const rest = this.#rest;
    switch (tab) {
      case "people":
        return html`<tk-people-tab .rest=${rest} .me=${me}></tk-people-tab>`;
      case "places":
        return html`<tk-places-tab .rest=${rest} .me=${me} region=${id}></tk-places-tab>`;
      case "school":
        return html`<tk-school-tab .rest=${rest} .me=${me} school=${id}></tk-school-tab>`;
      case "devices":
        return html`<tk-devices-tab .rest=${rest} .me=${me}></tk-devices-tab>`;
      case "calendars":
        return html`<tk-calendars-tab .rest=${rest} .me=${me} calendar=${id}></tk-calendars-tab>`;
      case "bells":
        return html`<tk-bells-tab .rest=${rest} .me=${me} school=${id}></tk-bells-tab>`;
      case "imports":
        return html`<tk-imports-tab .rest=${rest} .me=${me}></tk-imports-tab>`;
      case "work":
        return html`<tk-work-tab .rest=${rest} .me=${me}></tk-work-tab>`;
      case "audit":
        return html`<tk-audit-tab .rest=${rest} .me=${me}></tk-audit-tab>`;
      case "webhooks":
        return html`<tk-webhooks-tab .rest=${rest} .me=${me}></tk-webhooks-tab>`;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-admin": Admin;
  }
}
