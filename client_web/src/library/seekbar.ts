/**
 * The time line of the player: how far it is, what is loaded, what is missing, chapters, comments; a picture of where the
 * pointer is; and while a clip is cut its two ends. Sends `seek` (ms) and `cut` (both ends).
 */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { styleMap } from "lit/directives/style-map.js";
import { baseCss } from "../components/base-css.ts";
import { duration } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { lastBegun, pictureAt } from "./cues.ts";
import { moved, type Cut } from "./handles.ts";
import type { Chapter, Gap, Remark, Strip } from "./model.ts";
import { say } from "./say.ts";
import { seekbarCss } from "./seekbar-css.ts";
import type { Window } from "./sync.ts";

const STEP_MS = 1_000;
const FAR_STEP_MS = 10_000;
const PREVIEW_PX = 176;

@customElement("tk-seekbar")
export class Seekbar extends LitElement {
  static override styles = [baseCss, seekbarCss];

  @property({ type: Number }) at = 0;
  @property({ attribute: false }) window: Window = { starts: 0, ends: 0 };
  /** Loaded parts, ms on the line. */
  @property({ attribute: false }) loaded: readonly (readonly [number, number])[] = [];
  @property({ attribute: false }) chapters: readonly Chapter[] = [];
  @property({ attribute: false }) gaps: readonly Gap[] = [];
  @property({ attribute: false }) remarks: readonly Remark[] = [];
  @property({ attribute: false }) strip: Strip | null = null;
  @property({ attribute: false }) cut: Cut | null = null;
  @state() private hover: number | null = null;
  @query(".line") private line!: HTMLElement;

  /** Between the pointer and the end that it moves, px. */
  #grip = 0;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const { starts, ends } = this.window;
    return html`<div class="line" @pointermove=${this.#hovers} @pointerleave=${() => (this.hover = null)} @pointerup=${this.#lifted}>
      <div class="rail" aria-hidden="true">
        ${this.loaded.map(([from, to]) => this.#part("loaded", from, to))} ${this.#part("done", starts, this.at)}
        ${this.gaps.map((gap) => this.#part("gap", gap.starts_ms, gap.ends_ms))}
        ${this.cut ? this.#part("cut", this.cut.from, this.cut.to) : nothing}
        ${this.chapters.filter((it) => it.at_ms > starts && it.at_ms < ends).map((it) => html`<i class="chapter" style=${styleMap({ left: this.#left(it.at_ms) })}></i>`)}
      </div>
      <div class="dots" aria-hidden="true">
        ${this.remarks.filter((it) => it.at_ms >= starts && it.at_ms <= ends).map((it) => html`<i style=${styleMap({ left: this.#left(it.at_ms) })}></i>`)}
      </div>
      <input type="range" min=${starts} max=${ends} step="100" data-testid="seek" aria-label=${say("play.seek")}
        aria-valuetext=${say("play.of", { at: duration(this.at - starts), all: duration(ends - starts) })}
        .value=${String(Math.round(this.at))} @input=${(event: Event) => this.#seek(Number((event.target as HTMLInputElement).value))} />
      ${this.cut ? html`${this.#handle("from", this.cut)} ${this.#handle("to", this.cut)}` : nothing}
      ${this.hover === null ? nothing : this.#preview(this.hover)}
    </div>`;
  }

  #part(name: string, from: number, to: number): TemplateResult | typeof nothing {
    const { starts, ends } = this.window;
    const [first, last] = [Math.max(from, starts), Math.min(to, ends)];
    if (last <= first) return nothing;
    return html`<i class=${name} data-testid="part-${name}" style=${styleMap({ left: this.#left(first), width: `${((last - first) / this.#span) * 100}%` })}></i>`;
  }

  #handle(end: keyof Cut, cut: Cut): TemplateResult {
    return html`<button type="button" role="slider" class="handle ${end}" data-testid="cut-${end}" style=${styleMap({ left: this.#left(cut[end]) })}
      aria-label=${say(end === "from" ? "cut.from" : "cut.to")} aria-valuemin=${this.window.starts} aria-valuemax=${this.window.ends}
      aria-valuenow=${cut[end]} aria-valuetext=${duration(cut[end] - this.window.starts)}
      @keydown=${(event: KeyboardEvent) => this.#key(event, end, cut)} @pointerdown=${(event: PointerEvent) => this.#grab(event, cut[end])}
      @pointermove=${(event: PointerEvent) => this.#drag(event, end, cut)}></button>`;
  }

  #preview(at: number): TemplateResult {
    const { strip, chapters, gaps, remarks } = this;
    const width = this.line.clientWidth;
    const middle = ((at - this.window.starts) / this.#span) * width;
    const left = Math.max(0, Math.min(width - PREVIEW_PX, middle - PREVIEW_PX / 2));
    const chapter = chapters[lastBegun(chapters, at, (it) => it.at_ms)];
    const gap = gaps.find((it) => at >= it.starts_ms && at < it.ends_ms);
    const near = (this.#span / Math.max(1, width)) * 6;
    const remark = remarks.find((it) => Math.abs(it.at_ms - at) < near);
    return html`<div class="preview" aria-hidden="true" style=${styleMap({ left: `${left}px`, width: `${PREVIEW_PX}px` })}>
      ${strip ? this.#picture(strip, at) : nothing}
      <strong>${duration(at - this.window.starts)}</strong>
      ${gap ? html`<span class="missing">${gapText(gap)}</span>` : chapter?.title ? html`<span>${chapter.title}</span>` : nothing}
      ${remark ? html`<span>${remark.name ? `${remark.name}：` : ""}${remark.text}</span>` : nothing}
    </div>`;
  }

  #picture(strip: Strip, at: number): TemplateResult {
    const { column, row } = pictureAt(strip, at);
    const share = (n: number, of: number): string => `${of > 1 ? (n / (of - 1)) * 100 : 0}%`;
    return html`<div class="shot" style=${styleMap({
      height: `${(PREVIEW_PX * strip.height) / Math.max(1, strip.width)}px`,
      backgroundImage: `url("${encodeURI(strip.url)}")`,
      backgroundSize: `${strip.columns * 100}% ${strip.rows * 100}%`,
      backgroundPosition: `${share(column, strip.columns)} ${share(row, strip.rows)}`,
    })}></div>`;
  }

  get #span(): number {
    return Math.max(1, this.window.ends - this.window.starts);
  }

  #left(at: number): string {
    return `${((at - this.window.starts) / this.#span) * 100}%`;
  }

  #under(x: number): number {
    const { left, width } = this.line.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (x - left) / Math.max(1, width)));
    return this.window.starts + part * this.#span;
  }

  #hovers = (event: PointerEvent): void => {
    this.hover = this.#under(event.clientX);
  };

  /** A finger leaves no pointer behind whose place a picture could be of. */
  #lifted = (event: PointerEvent): void => {
    if (event.pointerType === "touch") this.hover = null;
  };

  /** A handle is wider than what is seen of it; taken beside that it does not jump to the finger. */
  #grab(event: PointerEvent, at: number): void {
    const { left, width } = this.line.getBoundingClientRect();
    this.#grip = event.clientX - left - ((at - this.window.starts) / this.#span) * width;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  }

  #drag(event: PointerEvent, end: keyof Cut, cut: Cut): void {
    if ((event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId)) this.#cuts(end, moved(cut, end, this.#under(event.clientX - this.#grip), this.window));
  }

  #key(event: KeyboardEvent, end: keyof Cut, cut: Cut): void {
    const step = event.shiftKey ? FAR_STEP_MS : STEP_MS;
    const to: Readonly<Record<string, number>> = {
      ArrowLeft: cut[end] - step,
      ArrowDown: cut[end] - step,
      ArrowRight: cut[end] + step,
      ArrowUp: cut[end] + step,
      PageDown: cut[end] - FAR_STEP_MS,
      PageUp: cut[end] + FAR_STEP_MS,
      Home: this.window.starts,
      End: this.window.ends,
    };
    const at = to[event.key];
    if (at === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // the player's arrows move the picture
    this.#cuts(end, moved(cut, end, at, this.window));
  }

  /** The picture follows the end that is moved. */
  #cuts(end: keyof Cut, cut: Cut): void {
    this.dispatchEvent(new CustomEvent<Cut>("cut", { detail: cut, bubbles: true, composed: true }));
    this.#seek(cut[end]);
  }

  #seek(at: number): void {
    this.dispatchEvent(new CustomEvent<number>("seek", { detail: at }));
  }
}

export function gapText(gap: Gap): string {
  return say.maybe(`gap.${gap.why}`) ?? say("gap.other");
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-seekbar": Seekbar;
  }
}
