/** The teacher's shared screen: one track, chosen by her, ended by her or by the browser's own button. */

export type ShareProblem = "denied" | "unsupported" | "failed" | null;

export class ScreenShare {
  track: MediaStreamTrack | null = null;
  problem: ShareProblem = null;

  constructor(private readonly onChange: () => void) {}

  /** Must be called from a click. */
  async start(): Promise<void> {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    if (!media?.getDisplayMedia) {
      this.problem = "unsupported";
      this.onChange();
      return;
    }
    try {
      const stream = await media.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 15 }, width: { max: 1920 }, height: { max: 1080 } },
        audio: false,
      });
      this.#keep(stream.getVideoTracks()[0] ?? null);
    } catch (error) {
      // Closing the picker is a choice, not a fault; the operating system's refusal reads the same, hence the hint.
      this.problem = (error as DOMException).name === "NotAllowedError" ? "denied" : "failed";
    }
    this.onChange();
  }

  stop(): void {
    if (!this.track) return;
    this.track.stop();
    this.track = null;
    this.onChange();
  }

  #keep(track: MediaStreamTrack | null): void {
    this.track?.stop();
    this.track = track;
    this.problem = null;
    if (!track) return;
    track.contentHint = "detail";
    track.onended = () => {
      if (this.track === track) this.stop();
    };
  }
}
