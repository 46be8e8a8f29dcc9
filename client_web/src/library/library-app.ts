/** `/library`: where something was said. Searching, or one resource, as the address says. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import "../components/app-frame.ts";
import { baseCss } from "../components/base-css.ts";
import { figuresCss } from "../components/figures-css.ts";
import "../components/form-dialog.ts";
import type { Form } from "../components/form-dialog.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { problemText } from "../lib/problems.ts";
import { Rest, RestProblem, newKey, type Me } from "../lib/rest.ts";
import { may } from "../lib/rights.ts";
import { metadataAsks, metadataOf } from "./metadata.ts";
import "./resource-view.ts";
import { openHash, openedOf, wishHash, wishOf, type Opened, type Wish } from "./route.ts";
import { say } from "./say.ts";
import type { SearchView, Wished } from "./search-view.ts";
import "./search-view.ts";
import "./upload-dialog.ts";

@customElement("tk-library")
export class LibraryApp extends LitElement {
  static override styles = [
    baseCss,
    figuresCss,
    css`
      .page.wide {
        max-width: 1760px;
        padding-top: var(--s2);
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2) var(--s3);
        margin-bottom: var(--s4);
      }
      .head h1 {
        flex: 1 1 auto;
      }
      .head button {
        min-height: 44px;
      }
      @media (max-width: 720px) {
        .head h1 {
          flex-basis: 100%;
        }
        .head button {
          flex: 1 1 auto;
          padding: 0 var(--s2);
        }
      }
      .problem {
        display: flex;
        gap: var(--s2);
        margin-bottom: var(--s3);
        color: var(--bad);
      }
      .back {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
        min-height: 44px;
        color: var(--text-2);
        font-weight: 500;
        text-decoration: none;
      }
      .back:hover {
        color: var(--text);
      }
    `,
  ];

  @state() private me: Me | null = null;
  @state() private opened: Opened | null = openedOf(location.hash);
  @state() private wish: Wish = wishOf(location.hash);
  @state() private name = "";
  @state() private uploads = false;
  @state() private lists = false;
  @state() private problem: unknown = null;
  @state() private form: Form | null = null;
  @query("tk-library-search") private search!: SearchView | null;
  /** Opened by a click on this page, and not by an address that was pasted. */
  #clicked = false;
  #rest = new Rest();
  /** How far down the results were left. */
  #left = 0;

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

  protected override render(): TemplateResult {
    return html`<tk-frame here="library" subject=${this.opened ? this.name : ""} .rest=${this.#rest} @me=${(event: CustomEvent<Me>) => (this.me = event.detail)}>
      ${this.me ? this.#page(this.me, this.opened) : nothing}
    </tk-frame>`;
  }

  #page(me: Me, opened: Opened | null): TemplateResult {
    const adds = may(me, "library.add");
    return html`
      <div class="page" ?hidden=${opened !== null}>
        <div class="head">
          <h1>${say("library.title")}</h1>
          ${may(me, "library.import")
            ? html`<button type="button" data-testid="add-list" @click=${() => void this.#openLists()}>${icon("file")}${say("list.title")}</button>`
            : nothing}
          ${adds
            ? html`<button type="button" data-testid="add-link" @click=${this.#addLink}>${icon("share")}${say("link.add")}</button>
                <button type="button" class="primary" data-testid="add-file" @click=${() => (this.uploads = true)}>${icon("load")}${say("upload.title")}</button>`
            : nothing}
        </div>
        ${this.problem ? html`<p class="problem" role="alert">${icon("line")}<span>${problemText(this.problem)}</span></p>` : nothing}
        <tk-library-search .rest=${this.#rest} .wish=${this.wish} ?adds=${adds} @wish=${this.#wished}></tk-library-search>
      </div>
      ${opened
        ? html`<div class="page wide">
            <a class="back" href=${wishHash(this.wish) || "#"} data-testid="back">${icon("left")}${say("library.back")}</a>
            <tk-resource .rest=${this.#rest} rid=${opened.id} .asked=${opened.at_ms} ?plays=${this.#clicked && opened.at_ms !== null} @opened=${(event: CustomEvent<string>) => this.#open(event.detail)}
              @named=${(event: CustomEvent<string>) => (this.name = event.detail)} @gone=${this.#gone}></tk-resource>
          </div>`
        : nothing}
      ${this.uploads
        ? html`<tk-upload .rest=${this.#rest} @dismiss=${() => (this.uploads = false)} @done=${(event: CustomEvent<string>) => this.#added(event.detail)}></tk-upload>`
        : nothing}
      ${this.lists ? html`<tk-library-list .rest=${this.#rest} .me=${me} @dismiss=${() => (this.lists = false)} @added=${() => this.search?.again()}></tk-library-list>` : nothing}
      ${this.form ? html`<tk-form .form=${this.form} @dismiss=${() => (this.form = null)} @done=${(event: CustomEvent<{ id: string }>) => this.#added(event.detail.id)}></tk-form>` : nothing}
    `;
  }

  #wished = (event: CustomEvent<Wished>): void => {
    const { wish, step } = event.detail;
    this.wish = wish;
    const address = location.pathname + wishHash(wish);
    if (step) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  };

  #moved = (): void => {
    const before = this.opened;
    const opened = openedOf(location.hash);
    this.#clicked = true;
    if (!before && opened) this.#left = scrollY;
    if (opened?.id !== before?.id) this.name = "";
    this.opened = opened;
    if (opened) {
      if (opened.id !== before?.id) scrollTo(0, 0);
      return;
    }
    this.wish = wishOf(location.hash);
    if (before) void this.updateComplete.then(() => scrollTo(0, this.#left));
    if (before) this.search?.again();
  };

  #open(id: string): void {
    location.hash = openHash(id);
  }

  #gone = (): void => {
    location.hash = wishHash(this.wish);
  };

  #added(id: string): void {
    this.uploads = false;
    this.form = null;
    this.#open(id);
  }

  /** Few import lists, so what it takes is loaded by them alone. */
  async #openLists(): Promise<void> {
    this.problem = null;
    try {
      await import("./list-dialog.ts");
      this.lists = true;
    } catch {
      this.problem = new RestProblem(0, "offline");
    }
  }

  #addLink = (): void => {
    const key = newKey();
    const asks = metadataAsks({}, []).filter((ask) => ask.name !== "form");
    this.form = {
      heading: say("link.add"),
      asks: [{ kind: "url", name: "url", label: say("link.url"), hint: say("link.hint") }, ...asks],
      action: say("link.save"),
      save: (said) => {
        const body = Object.fromEntries(Object.entries(metadataOf(said)).filter(([, value]) => value.length));
        return this.#rest.create("/resources", { ...body, kind: "link" }, key);
      },
    };
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-library": LibraryApp;
  }
}
