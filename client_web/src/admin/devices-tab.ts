/** Displays and recorder boxes: last contact, preflight, pairing by the code on the screen, revoking. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import { field, tick } from "../components/field.ts";
import type { Choice } from "../components/pick.ts";
import "../components/pick.ts";
import { tag } from "../components/tag.ts";
import { icon } from "../lib/icons.ts";
import { findClassrooms, findSchools } from "../lib/lookups.ts";
import type { Page } from "../lib/rest.ts";
import { ago, dateTime } from "../lib/when.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";

/** A display that was paired just now has a moment to be heard. */
const NEW_S = 120;

interface Device {
  id: string;
  classroom: string;
  classroom_name: string;
  school_name: string;
  kind: string;
  name: string;
  url: string;
  /** Seconds since 1970, as the others. */
  paired: number;
  seen: number | null;
  revoked: number | null;
  online: boolean;
  preflight: { grade: "green" | "amber" | "red"; at: number } | null;
}

/** The letters that a code on a screen may have, in the groups in which it shows them. */
export function codeTyped(text: string): string {
  const plain = text.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return plain.length > 3 ? `${plain.slice(0, 3)}-${plain.slice(3)}` : plain;
}

@customElement("tk-devices-tab")
export class DevicesTab extends Tab {
  @state() private school: Choice | null = null;
  @state() private kind = "";
  @state() private lost = false;
  #load = this.#listing();

  protected override render(): TemplateResult {
    return html`
      <div class="bar">
        ${field(
          say("people.school"),
          html`<tk-pick label=${say("people.school")} .find=${findSchools(this.rest)} .chosen=${this.school}
            @pick=${(event: CustomEvent<Choice | null>) => this.#filter({ school: event.detail })}></tk-pick>`,
        )}
        ${field(
          say("device.kind"),
          html`<select @change=${(event: Event) => this.#filter({ kind: (event.target as HTMLSelectElement).value })}>
            <option value="">${say("device.any")}</option>
            <option value="display">${say("device.display")}</option>
            <option value="rtsp">${say("device.rtsp")}</option>
          </select>`,
        )}
        ${tick(
          say("device.lostOnly"),
          html`<input type="checkbox" data-testid="lost-only" .checked=${this.lost} @change=${(event: Event) => this.#filter({ lost: (event.target as HTMLInputElement).checked })} />`,
        )}
        ${this.may("device.pair")
          ? html`<div class="buttons grow">
              <button type="button" data-testid="rtsp-new" @click=${() => this.#box(null)}>${icon("plus")}${say("device.newBox")}</button>
              <button type="button" class="primary" data-testid="pair" @click=${() => this.#pair()}>${icon("screen")}${say("device.pair")}</button>
            </div>`
          : nothing}
      </div>
      ${this.status()}
      <tk-table testid="devices" label=${say("tab.devices")} .columns=${this.#columns()} .load=${this.#load} .key=${(it: Device) => it.id}
        .nothing=${{ mark: "screen", text: say(this.lost ? "device.noneLost" : "device.none") }}></tk-table>
      ${this.asking()}
    `;
  }

  #columns(): Column<Device>[] {
    return [
      { name: say("device.name"), cell: (it) => html`<strong>${it.name}</strong><small>${say.maybe(`device.${it.kind}`) ?? it.kind}${it.url ? ` · ${it.url}` : ""}</small>` },
      { name: say("device.where"), cell: (it) => `${it.school_name} ${it.classroom_name}` },
      { name: say("device.contact"), cell: (it) => this.#contact(it) },
      { name: say("device.preflight"), cell: (it) => this.#preflight(it) },
      { name: "", right: true, cell: (it) => this.#doing(it) },
    ];
  }

  #contact(it: Device): unknown {
    if (it.revoked !== null) return tag("plain", say("device.revoked"));
    if (it.kind === "rtsp" && it.seen === null) return "–";
    if (it.online) return tag("ok", say("device.online"));
    if (it.seen === null && Date.now() / 1000 - it.paired < NEW_S) return tag("warn", say("device.new"));
    return html`${tag("bad", say("device.offline"))}<small>${it.seen === null ? say("device.never") : ago(Date.now() / 1000 - it.seen)}</small>`;
  }

  #preflight(it: Device): unknown {
    if (!it.preflight) return "–";
    const tone = ({ green: "ok", amber: "warn", red: "bad" } as const)[it.preflight.grade];
    return html`${tag(tone, say(`grade.${it.preflight.grade}`))}<small>${dateTime(it.preflight.at)}</small>`;
  }

  #doing(it: Device): unknown {
    if (it.revoked !== null) return nothing;
    return html`
      ${it.kind === "rtsp" && this.may("device.pair") ? html`<button type="button" ?disabled=${this.busy} @click=${() => void this.#test(it)}>${say("device.test")}</button>` : nothing}
      ${this.may("device.pair") ? html`<button type="button" @click=${() => (it.kind === "rtsp" ? this.#box(it) : this.#rename(it))}>${say("action.edit")}</button>` : nothing}
      ${this.may("device.revoke") ? html`<button type="button" data-testid="revoke" @click=${() => this.#revoke(it)}>${say("device.revoke")}</button>` : nothing}
    `;
  }

  #listing(): (after: string) => Promise<Page<Device>> {
    const query = { school: this.school?.id ?? "", kind: this.kind, lost: this.lost ? "true" : "" };
    return (after) => this.rest.page<Device>("/devices", { ...query, after });
  }

  #filter(wish: Partial<{ school: Choice | null; kind: string; lost: boolean }>): void {
    if (wish.school !== undefined) this.school = wish.school;
    if (wish.kind !== undefined) this.kind = wish.kind;
    if (wish.lost !== undefined) this.lost = wish.lost;
    this.#load = this.#listing();
  }

  #pair(): void {
    this.ask({
      heading: say("device.pair"),
      lead: say("device.pairLead"),
      asks: [
        { kind: "text", name: "code", label: say("device.code"), hint: say("device.codeHint"), most: 20 },
        { kind: "pick", name: "classroom", label: say("scope.classroom"), find: findClassrooms(this.rest) },
        { kind: "text", name: "name", label: say("device.name"), hint: say("device.nameHint"), optional: true, most: 120 },
      ],
      action: say("device.pairNow"),
      save: async ({ code, classroom, name }) => {
        const device = await this.rest.create<Device>("/devices/pair", { code: codeTyped(String(code)), classroom, name });
        this.said = say("device.paired", { name: device.name, room: device.classroom_name });
      },
    });
  }

  #box(it: Device | null): void {
    const place: Choice | null = it ? { id: it.classroom, name: it.classroom_name } : null;
    this.ask({
      heading: say(it ? "action.edit" : "device.newBox"),
      lead: say("device.boxLead"),
      asks: [
        { kind: "text", name: "name", label: say("device.name"), value: it?.name ?? "", most: 120 },
        { kind: "pick", name: "classroom", label: say("scope.classroom"), find: findClassrooms(this.rest), value: place },
        { kind: "text", name: "url", label: say("device.url"), hint: say("device.urlHint"), value: it?.url ?? "", most: 500 },
        { kind: "new-password", name: "password", label: say("people.password"), optional: true, hint: say(it ? "device.passwordStays" : "device.passwordHint") },
      ],
      action: say(it ? "action.save" : "action.create"),
      save: ({ name, classroom, url, password }) => {
        const body = { name, classroom, url, ...(password ? { password } : {}) };
        return it ? this.rest.patch(`/devices/${it.id}`, body) : this.rest.post("/devices/rtsp", body);
      },
    });
  }

  #rename(it: Device): void {
    this.ask({
      heading: say("action.edit"),
      asks: [
        { kind: "text", name: "name", label: say("device.name"), value: it.name, most: 120 },
        { kind: "pick", name: "classroom", label: say("scope.classroom"), find: findClassrooms(this.rest), value: { id: it.classroom, name: it.classroom_name } },
      ],
      action: say("action.save"),
      save: ({ name, classroom }) => this.rest.patch(`/devices/${it.id}`, { name, classroom }),
    });
  }

  #revoke(it: Device): void {
    this.ask({
      heading: say("device.revokeOf", { name: it.name }),
      lead: say(it.kind === "rtsp" ? "device.revokeBoxLead" : "device.revokeLead"),
      asks: [],
      action: say("device.revoke"),
      danger: true,
      save: () => this.rest.delete(`/devices/${it.id}`),
    });
  }

  #test(it: Device): Promise<void> {
    return this.do(async () => {
      await this.rest.post(`/devices/${it.id}/test`, {}, { timeoutMs: 60_000 });
    }, say("device.tested", { name: it.name }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-devices-tab": DevicesTab;
  }
}
