/** One school: itself, its classrooms, its classes. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import type { Ask } from "../components/form-dialog.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag } from "../components/tag.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { classAsks, classroomAsks, schoolAsks, type Classroom, type PupilClass, type School } from "./places.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";

interface Whole {
  school: School;
  calendar: { id: string; name: string };
}

@customElement("tk-school-tab")
export class SchoolTab extends Tab {
  static override styles = [
    ...Tab.styles,
    loadedCss,
    css`
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s3);
        margin-bottom: var(--s2);
      }
      .head h2 {
        margin: 0;
        font-size: 22px;
      }
      .head .buttons {
        margin-left: auto;
      }
      .title {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--s3);
        margin: var(--s6) 0 var(--s3);
      }
      .title h2 {
        margin: 0;
      }
    `,
  ];

  @property() school = "";
  #whole = new Loading<Whole>(this, () => this.#ask());
  #rooms = (after: string) => this.rest.page<Classroom>("/classrooms", { school: this.school, after });
  #classes = (after: string) => this.rest.page<PupilClass>("/classes", { school: this.school, after });

  protected override render(): TemplateResult {
    return html`
      ${this.status()}
      ${loaded(this.#whole, ({ school, calendar }) => this.#shown(school, calendar))}
      ${this.asking()}
    `;
  }

  #shown(school: School, calendar: Whole["calendar"]): TemplateResult {
    const writes = this.may("places.write");
    return html`
      <div class="head">
        <a href="#/places/${school.region}">${icon("left")}${school.region_name}</a>
        <h2>${school.name}</h2>
        ${school.active ? nothing : tag("plain", say("place.closed"))}
        ${writes
          ? html`<div class="buttons">
              <button type="button" data-testid="school-edit" @click=${() => this.#edit(school, calendar)}>${say("action.edit")}</button>
              <button type="button" ?disabled=${this.busy} @click=${() => this.#active(`/schools/${school.id}`, school)}>${say(school.active ? "place.close" : "place.reopen")}</button>
            </div>`
          : nothing}
      </div>
      <p class="note">
        ${say.maybe(`kind.${school.kind}`) ?? school.kind} · ${say("school.calendar")} ${calendar.name} · ${say(school.approves ? "school.approves" : "school.approvesNot")}
        · <a href="#/bells/${school.id}">${say("tab.bells")}</a>
        ${this.may("rating.read") ? html`· <a href="/school#id=${school.id}">${say("places.quality")}</a>` : nothing}
      </p>
      <div class="title">
        <h2>${say("places.rooms")}</h2>
        ${writes ? html`<button type="button" class="primary" data-testid="room-new" @click=${() => this.#room(null)}>${icon("plus")}${say("places.newRoom")}</button>` : nothing}
      </div>
      <tk-table testid="rooms" label=${say("places.rooms")} .columns=${this.#roomColumns(writes)} .load=${this.#rooms} .key=${(it: Classroom) => it.id}
        .nothing=${{ mark: "house", text: say("places.noRooms") }}></tk-table>
      <div class="title">
        <h2>${say("places.classes")}</h2>
        ${writes ? html`<button type="button" data-testid="class-new" @click=${() => this.#class(null)}>${icon("plus")}${say("places.newClass")}</button>` : nothing}
      </div>
      <tk-table testid="classes" label=${say("places.classes")} .columns=${this.#classColumns(writes)} .load=${this.#classes} .key=${(it: PupilClass) => it.id}
        .nothing=${{ mark: "people", text: say("places.noClasses") }}></tk-table>
    `;
  }

  #roomColumns(writes: boolean): Column<Classroom>[] {
    return [
      { name: say("room.name"), cell: (it) => html`<strong>${it.name}</strong>` },
      { name: say("school.kind"), cell: (it) => say.maybe(`kind.${it.kind}`) ?? it.kind },
      { name: say("room.seats"), cell: (it) => it.seats || "–" },
      { name: say("people.state"), cell: (it) => (it.active ? tag("ok", say("place.open")) : tag("plain", say("place.closed"))) },
      {
        name: "",
        right: true,
        cell: (it) =>
          writes
            ? html`<button type="button" @click=${() => this.#room(it)}>${say("action.edit")}</button>
                <button type="button" @click=${() => this.#active(`/classrooms/${it.id}`, it)}>${say(it.active ? "place.close" : "place.reopen")}</button>`
            : nothing,
      },
    ];
  }

  #classColumns(writes: boolean): Column<PupilClass>[] {
    return [
      { name: say("class.name"), cell: (it) => html`<strong>${it.name}</strong>` },
      { name: say("class.grade"), cell: (it) => it.grade || "–" },
      { name: say("class.size"), cell: (it) => it.size || "–" },
      { name: say("people.state"), cell: (it) => (it.active ? tag("ok", say("place.open")) : tag("plain", say("place.closed"))) },
      {
        name: "",
        right: true,
        cell: (it) =>
          writes
            ? html`<button type="button" @click=${() => this.#class(it)}>${say("action.edit")}</button>
                <button type="button" @click=${() => this.#active(`/classes/${it.id}`, it)}>${say(it.active ? "place.close" : "place.reopen")}</button>`
            : nothing,
      },
    ];
  }

  async #ask(): Promise<Whole> {
    const school = await this.rest.get<School>(`/schools/${this.school}`);
    const calendar = await this.rest.get<{ id: string; name: string }>(`/calendars/${school.calendar}`);
    return { school, calendar: { id: calendar.id, name: calendar.name } };
  }

  protected override changed(): void {
    super.changed();
    void this.#whole.again();
  }

  #edit(school: School, calendar: Whole["calendar"]): void {
    this.ask({
      heading: say("action.edit"),
      asks: schoolAsks(this.rest, school, calendar),
      action: say("action.save"),
      save: ({ name, kind, calendar, approves }) => this.rest.patch(`/schools/${school.id}`, { name, kind, calendar, approves }),
    });
  }

  #room(room: Classroom | null): void {
    this.#form(say(room ? "action.edit" : "places.newRoom"), classroomAsks(room), "/classrooms", room, (said) => ({
      name: said["name"],
      kind: said["kind"],
      seats: Number(said["seats"]),
    }));
  }

  #class(pupils: PupilClass | null): void {
    this.#form(say(pupils ? "action.edit" : "places.newClass"), classAsks(pupils), "/classes", pupils, (said) => ({
      name: said["name"],
      grade: said["grade"],
      size: Number(said["size"]),
    }));
  }

  #form(
    heading: string,
    asks: Ask[],
    path: string,
    known: { id: string } | null,
    body: (said: Readonly<Record<string, string | boolean>>) => Record<string, unknown>,
  ): void {
    this.ask({
      heading,
      asks,
      action: say(known ? "action.save" : "action.create"),
      save: (said) => (known ? this.rest.patch(`${path}/${known.id}`, body(said)) : this.rest.create(path, { school: this.school, ...body(said) })),
    });
  }

  #active(path: string, it: { name: string; active: boolean }): void {
    if (!it.active) {
      void this.do(() => this.rest.patch(path, { active: true }));
      return;
    }
    this.ask({
      heading: say("place.closeOf", { name: it.name }),
      lead: say("place.closeLead"),
      asks: [],
      action: say("place.close"),
      danger: true,
      save: () => this.rest.patch(path, { active: false }),
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-school-tab": SchoolTab;
  }
}
