/** In place of what could not be loaded: what happened, and a button that tries again. */

import { css, html, type TemplateResult } from "lit";
import { t } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { isOffline, problemText } from "../lib/problems.ts";

export const troubleCss = css`
  .instead {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: var(--s3);
    padding: var(--s8) var(--s4);
    color: var(--text-2);
    text-align: center;
  }
  .instead > .icon {
    width: 36px;
    height: 36px;
  }
  .instead p {
    max-width: 480px;
  }
`;

export function trouble(error: unknown, again: () => void): TemplateResult {
  return html`<div class="instead" role="alert" data-testid="trouble">
    ${icon(isOffline(error) ? "line" : "warn")}
    <p>${problemText(error)}</p>
    <button type="button" data-testid="retry" @click=${again}>${icon("link")}${t("action.retry")}</button>
  </div>`;
}

/** @param doing what to do first, when the person may. */
export function emptiness(mark: IconName, text: string, doing: unknown = ""): TemplateResult {
  return html`<div class="instead" data-testid="empty">${icon(mark)}<p>${text}</p>${doing}</div>`;
}
