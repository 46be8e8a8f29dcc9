/** Which lessons of a series are meant: this one, this and the later ones, or all that are still to come. */

import { html, type TemplateResult } from "lit";
import { w } from "./words.ts";

export const SCOPES = ["one", "following", "all"] as const;
export type Scope = (typeof SCOPES)[number];

export interface BookingLesson {
  lesson: string;
  state: string;
  day: string;
  starts: number;
  makes_up: string | null;
}

/** Lessons of a series that can still be changed, from a day on. @param now seconds since 1970. */
export function coming(lessons: readonly BookingLesson[], now: number, since = ""): BookingLesson[] {
  return lessons.filter(({ state, day, starts, makes_up }) => state === "scheduled" && starts > now && day >= since && !makes_up);
}

export function scopeFields(chosen: Scope, choose: (scope: Scope) => void): TemplateResult {
  return html`<fieldset>
    <legend>${w("tt.scope")}</legend>
    <div class="chips" role="radiogroup" aria-label=${w("tt.scope")}>
      ${SCOPES.map(
        (scope) => html`<button type="button" role="radio" aria-checked=${scope === chosen ? "true" : "false"} aria-pressed=${scope === chosen ? "true" : "false"} data-testid=${`scope-${scope}`} @click=${() => choose(scope)}>
          ${w(`tt.scope.${scope}` as "tt.scope.one")}
        </button>`,
      )}
    </div>
  </fieldset>`;
}
