/**
 * One live picture. When its track is replaced, the last frame stays until the new one's first. What the element
 * contains lies behind the picture and is seen until there is one.
 */

import { LitElement, css, html, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

interface FrameCallbacks {
  requestVideoFrameCallback?(callback: () => void): number;
}

@customElement("tk-picture")
export class Picture extends LitElement {
  static override styles = css`
    :host {
      display: block;
      position: relative;
      overflow: hidden;
      background: var(--picture);
    }
    .behind,
    video,
    canvas {
      position: absolute;
      top: 0;
      left: 0;
      width: 100%;
      height: 100%;
      object-fit: contain;
    }
    .behind {
      display: flex;
      align-items: center;
      justify-content: center;
      padding: 0.5em;
      text-align: center;
    }
    :host([cover]) video,
    :host([cover]) canvas {
      object-fit: cover;
    }
    canvas {
      visibility: hidden;
    }
    canvas.on {
      visibility: visible;
    }
  `;

  @property({ attribute: false }) track: MediaStreamTrack | null = null;
  /** `data-testid` of the video element. */
  @property() testid = "";
  @property() label = "";
  /** Keep showing the last frame when the track goes away without a successor. */
  @property({ type: Boolean }) keep = false;
  @state() private frozen = false;
  @query("video") private video!: HTMLVideoElement;
  @query("canvas") private canvas!: HTMLCanvasElement;

  protected override render() {
    return html`
      <div class="behind"><slot></slot></div>
      <video muted autoplay playsinline data-testid=${this.testid} aria-label=${this.label} .muted=${true}></video>
      <canvas class=${this.frozen ? "on" : ""} aria-hidden="true"></canvas>
    `;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("track")) this.#show();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // A video element that was moved in the document is paused.
    if (this.hasUpdated) this.#play();
  }

  /** Puts the frame on screen now over whatever comes next. Harmless when there is none. */
  freeze(): void {
    const { video, canvas } = this;
    if (this.frozen || !video || video.videoWidth === 0) return;
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    this.frozen = true;
  }

  #show(): void {
    if (this.track || this.keep) this.freeze();
    else this.frozen = false;
    this.video.srcObject = this.track ? new MediaStream([this.track]) : null;
    if (!this.track) return;
    this.#play();
    const shown = this.track;
    const first = (): void => {
      if (this.track !== shown) return;
      this.frozen = false;
      this.dispatchEvent(new CustomEvent("first-frame"));
    };
    const video = this.video as HTMLVideoElement & FrameCallbacks;
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(first);
    else video.addEventListener("loadeddata", first, { once: true });
  }

  #play(): void {
    // A muted video may always play; the only refusal is being replaced meanwhile.
    this.video.play().catch(() => undefined);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-picture": Picture;
  }
}
