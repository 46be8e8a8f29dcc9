/** One live sound, without a face. Says whether the browser lets it be heard. */

import { LitElement, html, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";

@customElement("tk-sound")
export class Sound extends LitElement {
  @property({ attribute: false }) track: MediaStreamTrack | null = null;
  /** 0…1. */
  @property({ type: Number }) volume = 1;
  /** `data-testid` of the audio element. */
  @property() testid = "";
  @query("audio") private audio!: HTMLAudioElement;

  protected override render() {
    return html`<audio autoplay data-testid=${this.testid}></audio>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    this.audio.volume = this.volume;
    if (!changed.has("track")) return;
    this.audio.srcObject = this.track ? new MediaStream([this.track]) : null;
    if (this.track) void this.play();
  }

  /** Call it from a gesture after `sound-blocked`. */
  async play(): Promise<void> {
    if (!this.track) return;
    try {
      await this.audio.play();
      this.dispatchEvent(new CustomEvent("sound-playing"));
    } catch (error) {
      // The only refusal that a person can lift; the others come from a track that was replaced meanwhile.
      if ((error as DOMException).name === "NotAllowedError") this.dispatchEvent(new CustomEvent("sound-blocked"));
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-sound": Sound;
  }
}
