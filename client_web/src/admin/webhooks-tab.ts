/** Webhooks: where to, what about, their secret once, and what became of each delivery. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import "../components/dialog.ts";
import type { Ask, Said } from "../components/form-dialog.ts";
import { tag, type Tone } from "../components/tag.ts";
import { icon } from "../lib/icons.ts";
import { findRegions, findSchools } from "../lib/lookups.ts";
import { dateTime } from "../lib/when.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";

interface Webhook {
  id: string;
  url: string;
  events: string[];
  scope: string;
  active: boolean;
}

interface Delivery {
  id: string;
  event: string;
  made: number;
  due: number | null;
  tries: number;
  status: string;
  answer: string;
}

/** What the server tells about (signalling/hooks/webhooks.py). */
const EVENTS = [
  "booking.booked",
  "booking.requested",
  "booking.approved",
  "booking.refused",
  "booking.withdrawn",
  "booking.edited",
  "booking.moved",
  "booking.cancelled",
  "booking.substituted",
  "booking.extended",
  "booking.made_up",
  "lesson.open",
  "lesson.live",
  "lesson.ended",
  "lesson.cancelled",
  "lesson.fault",
  "resource.published",
  "resource.failed",
] as const;

export function deliveryState({ due, status, tries }: Pick<Delivery, "due" | "status" | "tries">): { tone: Tone; word: "arrived" | "waits" | "again" | "given" } {
  if (due === null) return status.startsWith("2") ? { tone: "ok", word: "arrived" } : { tone: "bad", word: "given" };
  return tries ? { tone: "warn", word: "again" } : { tone: "plain", word: "waits" };
}

@customElement("tk-webhooks-tab")
export class WebhooksTab extends Tab {
  static override styles = [
    ...Tab.styles,
    css`
      .secret {
        display: flex;
        gap: var(--s2);
        margin-top: var(--s4);
      }
      .secret input {
        flex: 1;
        font-family: monospace;
      }
      tk-dialog.wide {
        --dialog-width: 960px;
      }
      .deliveries {
        margin-top: var(--s4);
      }
    `,
  ];

  @state() private secret = "";
  @state() private shown: Webhook | null = null;
  #load = (after: string) => this.rest.page<Webhook>("/webhooks", { after });
  #deliveries = (after: string) => this.rest.page<Delivery>(`/webhooks/${this.shown!.id}/deliveries`, { after });

  protected override render(): TemplateResult {
    return html`
      <div class="bar">
        <p class="note">${say("hook.lead")}</p>
        ${this.may("webhook.write")
          ? html`<button type="button" class="primary grow" data-testid="hook-new" @click=${() => this.#edit(null)}>${icon("plus")}${say("hook.new")}</button>`
          : nothing}
      </div>
      ${this.status()}
      <tk-table testid="hooks" label=${say("tab.webhooks")} .columns=${this.#columns()} .load=${this.#load} .key=${(it: Webhook) => it.id}
        .nothing=${{ mark: "link", text: say("hook.none") }}></tk-table>
      ${this.shown ? this.#sent(this.shown) : nothing}
      ${this.secret ? this.#once() : nothing}
      ${this.asking()}
    `;
  }

  #columns(): Column<Webhook>[] {
    const writes = this.may("webhook.write");
    return [
      { name: say("hook.url"), cell: (it) => html`<strong>${it.url}</strong>` },
      { name: say("hook.events"), cell: (it) => html`<small>${it.events.map((event) => say.maybe(`event.${event}`) ?? event).join(" · ")}</small>` },
      { name: say("people.state"), cell: (it) => (it.active ? tag("ok", say("hook.on")) : tag("plain", say("hook.off"))) },
      {
        name: "",
        right: true,
        cell: (it) => html`<span class="buttons">
          <button type="button" data-testid="hook-deliveries" @click=${() => (this.shown = it)}>${say("hook.deliveries")}</button>
          ${writes
            ? html`<button type="button" ?disabled=${this.busy} @click=${() => void this.do(() => this.rest.create(`/webhooks/${it.id}/ping`, {}), say("hook.pinged"))}>${say("hook.ping")}</button>
                <button type="button" @click=${() => this.#edit(it)}>${say("action.edit")}</button>
                <button type="button" @click=${() => this.#renew(it)}>${say("hook.renew")}</button>
                <button type="button" @click=${() => this.#remove(it)}>${say("action.remove")}</button>`
            : nothing}
        </span>`,
      },
    ];
  }

  #sent(hook: Webhook): TemplateResult {
    const columns: Column<Delivery>[] = [
      { name: say("audit.when"), cell: (it) => dateTime(it.made) },
      { name: say("hook.event"), cell: (it) => say.maybe(`event.${it.event}`) ?? it.event },
      {
        name: say("people.state"),
        cell: (it) => {
          const { tone, word } = deliveryState(it);
          return html`${tag(tone, say(`delivery.${word}`))}<small>${say("delivery.tries", { n: it.tries })} ${it.status}</small>`;
        },
      },
      { name: say("hook.answer"), cell: (it) => html`<small>${it.answer.slice(0, 200) || "–"}</small>` },
      {
        name: "",
        right: true,
        cell: (it) =>
          this.may("webhook.write")
            ? html`<button type="button" ?disabled=${this.busy} @click=${() => void this.do(() => this.rest.post(`/deliveries/${it.id}/again`), say("delivery.sentAgain"))}>${say("delivery.send")}</button>`
            : nothing,
      },
    ];
    return html`<tk-dialog class="wide" heading=${say("hook.deliveriesOf", { url: hook.url })} testid="deliveries" @dismiss=${() => (this.shown = null)}>
      <div class="deliveries">
        ${this.status()}
        <tk-table label=${say("hook.deliveries")} .columns=${columns} .load=${this.#deliveries} .key=${(it: Delivery) => it.id}
          .nothing=${{ mark: "link", text: say("hook.noDeliveries") }}></tk-table>
      </div>
    </tk-dialog>`;
  }

  #once(): TemplateResult {
    return html`<tk-dialog heading=${say("hook.secret")} testid="secret-dialog" @dismiss=${() => (this.secret = "")}>
      <p class="note">${say("hook.secretLead")}</p>
      <div class="secret">
        <input readonly data-testid="secret" aria-label=${say("hook.secret")} .value=${this.secret} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} />
        <button type="button" @click=${() => void navigator.clipboard?.writeText(this.secret)}>${say("action.copy")}</button>
      </div>
      <button slot="actions" type="button" class="primary" data-testid="secret-kept" @click=${() => (this.secret = "")}>${say("hook.kept")}</button>
    </tk-dialog>`;
  }

  #edit(hook: Webhook | null): void {
    const system = this.me.may["webhook.write"]?.some((it) => it.kind === "system");
    const where: Ask[] = hook
      ? [{ kind: "tick", name: "active", label: say("hook.active"), value: hook.active }]
      : [
          {
            kind: "select",
            name: "kind",
            label: say("hook.scope"),
            options: [...(system ? [["system", say("scope.system")] as const] : []), ["region", say("scope.region")], ["school", say("scope.school")]],
          },
          { kind: "pick", name: "region", label: say("scope.region"), find: findRegions(this.rest), when: (said) => said["kind"] === "region" },
          { kind: "pick", name: "school", label: say("scope.school"), find: findSchools(this.rest), when: (said) => said["kind"] === "school" },
        ];
    this.ask({
      heading: say(hook ? "action.edit" : "hook.new"),
      asks: [
        { kind: "text", name: "url", label: say("hook.url"), hint: say("hook.urlHint"), value: hook?.url ?? "", most: 500 },
        ...where,
        ...EVENTS.map((event) => ({ kind: "tick", name: event, label: say(`event.${event}`), value: hook ? hook.events.includes(event) : true }) as const),
      ],
      action: say(hook ? "action.save" : "action.create"),
      save: (said) => this.#save(hook, said),
    });
  }

  async #save(hook: Webhook | null, said: Said): Promise<void> {
    const events = EVENTS.filter((event) => said[event]);
    const { url, active, kind } = said;
    if (hook) {
      await this.rest.patch(`/webhooks/${hook.id}`, { url, events, active });
      return;
    }
    const scope = kind === "system" ? "" : said[String(kind)];
    const made = await this.rest.post<{ secret: string }>("/webhooks", { url, events, scope });
    this.secret = made.secret;
  }

  #renew(hook: Webhook): void {
    this.ask({
      heading: say("hook.renew"),
      lead: say("hook.renewLead"),
      asks: [],
      action: say("hook.renew"),
      danger: true,
      save: async () => {
        this.secret = (await this.rest.post<{ secret: string }>(`/webhooks/${hook.id}/secret`)).secret;
      },
    });
  }

  #remove(hook: Webhook): void {
    this.ask({
      heading: say("hook.removeOf"),
      lead: hook.url,
      asks: [],
      action: say("action.remove"),
      danger: true,
      save: () => this.rest.delete(`/webhooks/${hook.id}`),
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-webhooks-tab": WebhooksTab;
  }
}
