/** The page's own camera and microphone: with what there is, without what there is not. */

export type DeviceKind = "camera" | "microphone";
/** `off`: not asked for yet. */
export type DeviceState = "off" | "asking" | "on" | "denied" | "missing" | "busy" | "insecure" | "failed";

/** Why getUserMedia refused (Media Capture and Streams §10.2), as a state a person can be told. */
export function deviceError(error: unknown): DeviceState {
  switch ((error as { name?: string } | null)?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

export interface DeviceOptions {
  video: MediaTrackConstraints;
  audio: MediaTrackConstraints;
  onChange(): void;
}

const SETTLE_MS = 800;

export class LocalDevices {
  state: Record<DeviceKind, DeviceState> = { camera: "off", microphone: "off" };
  tracks: Record<DeviceKind, MediaStreamTrack | null> = { camera: null, microphone: null };
  /** What can be chosen; labels are empty until access was granted once. */
  choices: Record<DeviceKind, MediaDeviceInfo[]> = { camera: [], microphone: [] };
  #chosen: Record<DeviceKind, string | null> = { camera: null, microphone: null };
  #wanted: DeviceKind[] = [];
  #settle = 0;
  // A camera that is plugged in announces itself several times.
  readonly #onChange = (): void => {
    clearTimeout(this.#settle);
    this.#settle = window.setTimeout(() => void this.#onPlugged(), SETTLE_MS);
  };

  constructor(private readonly options: DeviceOptions) {
    this.#media?.addEventListener("devicechange", this.#onChange);
  }

  /** For good. */
  dispose(): void {
    clearTimeout(this.#settle);
    this.#media?.removeEventListener("devicechange", this.#onChange);
    this.close();
  }

  get #media(): MediaDevices | undefined {
    return navigator.mediaDevices as MediaDevices | undefined;
  }

  /** Asks for all of them at once (one question to the person), then singly for what failed. */
  async open(kinds: DeviceKind[]): Promise<void> {
    this.#wanted = kinds;
    const missing = kinds.filter((kind) => !this.tracks[kind] && this.state[kind] !== "asking");
    if (!missing.length) return;
    if (!this.#media?.getUserMedia) {
      for (const kind of missing) this.state[kind] = "insecure";
      this.options.onChange();
      return;
    }
    for (const kind of missing) this.state[kind] = "asking";
    this.options.onChange();
    if (missing.length > 1 && (await this.#ask(missing)) === null) return this.#listChoices();
    for (const kind of missing) {
      const error = this.tracks[kind] ? null : await this.#ask([kind]);
      if (error) this.state[kind] = error;
    }
    await this.#listChoices();
  }

  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.#chosen[kind] = deviceId;
    this.#release(kind);
    await this.open(this.#wanted);
  }

  close(): void {
    if (!this.#wanted.length) return;
    this.#wanted = [];
    for (const kind of ["camera", "microphone"] as const) {
      this.#release(kind);
      this.state[kind] = "off";
    }
    this.options.onChange();
  }

  /** @returns null, or why it was refused. */
  async #ask(kinds: DeviceKind[]): Promise<DeviceState | null> {
    const device = (kind: DeviceKind, base: MediaTrackConstraints): MediaTrackConstraints | false => {
      if (!kinds.includes(kind)) return false;
      const id = this.#chosen[kind];
      return id ? { ...base, deviceId: { exact: id } } : base;
    };
    try {
      const stream = await this.#media!.getUserMedia({
        video: device("camera", this.options.video),
        audio: device("microphone", this.options.audio),
      });
      for (const track of stream.getTracks()) {
        const kind = track.kind === "video" ? "camera" : "microphone";
        // Closed, or asked twice, while the person was thinking.
        if (!this.#wanted.includes(kind) || this.tracks[kind]) track.stop();
        else this.#keep(kind, track);
      }
      return null;
    } catch (error) {
      return deviceError(error);
    }
  }

  #keep(kind: DeviceKind, track: MediaStreamTrack): void {
    track.contentHint = kind === "camera" ? "motion" : "speech";
    track.onended = () => {
      if (this.tracks[kind] !== track) return;
      this.tracks[kind] = null;
      this.state[kind] = "missing";
      this.options.onChange();
    };
    this.tracks[kind] = track;
    this.state[kind] = "on";
    this.options.onChange();
  }

  #release(kind: DeviceKind): void {
    const track = this.tracks[kind];
    this.tracks[kind] = null;
    track?.stop();
  }

  async #listChoices(): Promise<void> {
    const devices = await this.#media!.enumerateDevices().catch(() => []);
    this.choices = {
      camera: devices.filter((d) => d.kind === "videoinput"),
      microphone: devices.filter((d) => d.kind === "audioinput"),
    };
    this.options.onChange();
  }

  async #onPlugged(): Promise<void> {
    await this.#listChoices();
    for (const kind of this.#wanted) {
      // The chosen one was pulled out: any other will do.
      if (!this.choices[kind].some((device) => device.deviceId === this.#chosen[kind])) this.#chosen[kind] = null;
    }
    const back = this.#wanted.some((kind) => !this.tracks[kind] && this.choices[kind].length > 0);
    if (back) await this.open(this.#wanted);
  }
}
