/** Everything the display does: follows the room, watches the lesson, shows its own classroom. */

import { LocalDevices, type DeviceKind } from "../lib/devices.ts";
import { MediaLink } from "../lib/media-link.ts";
import { decodeToken, type PageParams } from "../lib/params.ts";
import type { Display, ServerMessage, SlotState } from "../lib/protocol.ts";
import { ReceiverStats } from "../lib/receiver-stats.ts";
import { EMPTY_ROOM, reduceRoom, slotNamed, slotsOf, type RoomState } from "../lib/room-state.ts";
import { SignalSocket, closedBy, socketUrl, type Closed, type SocketStatus } from "../lib/socket.ts";
import type { Digest } from "../lib/stats.ts";
import { UNTOUCHED, untouched } from "./remote.ts";
import { makeReport } from "./report.ts";
import { LineQuality, viewOf, type Layout, type View } from "./view.ts";

const REPORT_EVERY = 2_000;
/** A slider that is drawn on the phone, and a `remote` right after a `welcome`, are one answer, ms. */
const SETTLE = 100;
const CAMERA_GONE_AFTER = 4_000;
const VIDEO_SLOTS = 3;
const AUDIO_SLOTS = 2;
/** A classroom is a thumbnail in the studio and a picture beside the slides elsewhere. */
const CAMERA_BITRATE = 800_000;
const SOUND_BITRATE = 40_000;

export class ClassroomSession {
  room: RoomState = EMPTY_ROOM;
  digests: ReadonlyMap<string, Digest> = new Map();
  /** The browser refuses sound until somebody touches the page. */
  soundBlocked = false;
  /** As this display is set, which the assistant's phone changes. */
  display: Display = UNTOUCHED;
  #settling = 0;
  readonly devices: LocalDevices;
  readonly socket: SignalSocket;
  readonly whep: MediaLink;
  readonly whip: MediaLink;
  readonly #quality = new LineQuality();
  readonly #stats = new ReceiverStats();
  readonly #mayPublish: readonly string[];
  #screenGoneAt: number | null = null;
  #cameraLostAt: number | null = null;
  #layout: Layout = "idle";
  #lastSlots: readonly SlotState[] = [];
  #reporting = 0;

  constructor(
    readonly params: PageParams,
    private readonly onChange: () => void,
    onDrop: () => void,
  ) {
    const { room, token } = params;
    this.#mayPublish = decodeToken(token)?.publish ?? [];
    this.devices = new LocalDevices({
      video: { width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 24, max: 30 } },
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      onChange: () => this.#onDevices(),
    });
    this.socket = new SignalSocket({
      url: socketUrl(location),
      token,
      patient: true,
      onMessage: (message) => this.#hear(message),
      onStatus: (status) => this.#onSocket(status),
    });
    const path = encodeURIComponent(room);
    this.whep = new MediaLink({
      url: `/whep/${path}`,
      token,
      patient: true,
      build: (pc) => {
        for (let i = 0; i < AUDIO_SLOTS; i += 1) pc.addTransceiver("audio", { direction: "recvonly" });
        for (let i = 0; i < VIDEO_SLOTS; i += 1) pc.addTransceiver("video", { direction: "recvonly" });
      },
      onStatus: onChange,
      onOpen: () => {
        this.socket.nudge();
        onChange();
      },
      onDrop,
    });
    this.whip = new MediaLink({
      url: `/whip/${path}`,
      token,
      patient: true,
      build: (pc) => this.#buildPublisher(pc),
      onStatus: onChange,
    });
  }

  start(): void {
    if (!this.params.token || !this.params.room) return;
    this.socket.start();
    this.#reporting = window.setInterval(() => void this.#report(), REPORT_EVERY);
  }

  /** For good: nothing of it is left. */
  dispose(): void {
    clearInterval(this.#reporting);
    this.whip.dispose();
    this.whep.dispose();
    this.devices.dispose();
    this.socket.dispose();
  }

  /** Why there is nothing more to be seen in this room with this token; null while there is. */
  get closed(): Closed | "token" | null {
    if (this.room.known && this.room.lesson.state === "ended") return "over";
    const { problem } = this.socket.status;
    // A room that is closed for a reason that we have no word for is closed.
    if (problem === "forbidden") return "over";
    if (problem === "over" || problem === "cancelled" || problem === "notOpen" || problem === "token") return problem;
    return closedBy(this.whep.status.problem?.code ?? "");
  }

  get slots(): readonly SlotState[] {
    const slots = slotsOf(this.room, this.whep.session);
    if (slots.length) this.#lastSlots = slots;
    return slots;
  }

  get view(): View {
    const view = viewOf({
      hasToken: this.params.token !== "" && this.params.room !== "",
      socket: this.socket.status,
      link: this.whep.status,
      room: this.room,
      slots: this.slots,
      weak: this.#quality.weak,
      screenGoneMs: this.#screenGoneAt === null ? 0 : Math.max(1, Date.now() - this.#screenGoneAt),
      previous: this.#layout,
    });
    this.#layout = view.layout;
    return view;
  }

  slot(name: string, kind: "audio" | "video"): SlotState | null {
    return slotNamed(this.slots.length ? this.slots : this.#lastSlots, name, kind);
  }

  /** The track that plays in a slot; null while there is none, so that the last frame stays. */
  track(name: string, kind: "audio" | "video"): MediaStreamTrack | null {
    const slot = slotNamed(this.slots, name, kind);
    if (!slot || slot.status === "empty" || slot.status === "unsupported") return null;
    return this.whep.pc?.getTransceivers().find((t) => t.mid === slot.mid)?.receiver.track ?? null;
  }

  /** The lesson goes on without the teacher's camera: not a fault of the line, so its last frame says nothing. */
  get cameraGone(): boolean {
    const live = this.room.lesson.state === "live" && this.whep.status.state === "connected";
    return live && this.#cameraLostAt !== null && Date.now() - this.#cameraLostAt > CAMERA_GONE_AFTER;
  }

  get handUp(): boolean {
    return this.room.participants.get(this.room.me)?.hand ?? false;
  }

  raiseHand(): void {
    this.socket.send({ t: "hand", up: !this.handUp });
  }

  /** The teacher here gives the lesson back. */
  endLocal(): void {
    this.#setDisplay({ ...this.display, local: false });
  }

  #setDisplay({ microphone, loudspeaker, volume, local }: Display): void {
    this.display = { microphone, loudspeaker, volume, local };
    if (this.devices.tracks.microphone) this.devices.tracks.microphone.enabled = microphone;
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => {
      if (this.room.role === "classroom") this.socket.send({ t: "display", ...this.display });
    }, SETTLE);
    this.onChange();
  }

  #hear(message: ServerMessage): void {
    this.room = reduceRoom(this.room, message, Date.now());
    if (message.t === "remote") this.#setDisplay(message);
    else if (message.t === "welcome" || this.room.lesson.state === "ended") {
      const local = this.display.local && this.room.lesson.state !== "ended";
      // One that nobody touched says nothing: a whole school's displays join in the same second.
      const again = message.t === "welcome" && !untouched(this.display);
      if (again || local !== this.display.local) this.#setDisplay({ ...this.display, local });
    }
    if (message.t === "slots" || message.t === "lesson") {
      const empty = slotNamed(this.slots, "screen", "video")?.status === "empty";
      if (empty && this.room.lesson.state === "live") this.#screenGoneAt ??= Date.now();
      else this.#screenGoneAt = null;
    }
    if (message.t === "slots") {
      const camera = slotNamed(this.slots, "camera", "video")?.status;
      if (camera === "playing" || camera === "unsupported") this.#cameraLostAt = null;
      else this.#cameraLostAt ??= Date.now();
    }
    if (message.t === "session" && message.state === "closed") {
      this.whep.lost(message.session);
      this.whip.lost(message.session);
    }
    if (message.t === "welcome") {
      this.whep.nudge();
      this.whip.nudge();
    }
    if (message.t === "welcome" || message.t === "lesson" || message.t === "participant" || message.t === "left") {
      this.#follow();
    }
    this.onChange();
  }

  #onSocket(status: SocketStatus): void {
    // The other page publishes under our name now; going on would throw its session out, and it ours.
    if (status.problem === "replaced") {
      this.whip.stop();
      this.whep.stop();
    }
    this.onChange();
  }

  /** Which sessions should be open now. */
  #follow(): void {
    const { lesson, participants } = this.room;
    const ended = lesson.state === "ended";
    if (ended) {
      this.whep.stopEnded();
      this.whip.stopEnded();
    } else {
      this.whep.start();
    }
    // The classroom is shown only while there is a teacher to see it.
    const teacher = [...participants.values()].some((p) => p.role === "lead" && p.online);
    const wanted = !ended && (teacher || lesson.state === "live" || lesson.state === "interrupted");
    if (!wanted) {
      this.whip.stop();
      this.devices.close();
    } else if (this.#kinds().some((kind) => this.devices.state[kind] === "off")) {
      void this.devices.open(this.#kinds());
    } else if (this.whip.status.state === "idle" && this.#hasTracks) {
      this.whip.start();
    }
  }

  get #hasTracks(): boolean {
    return this.devices.tracks.camera !== null || this.devices.tracks.microphone !== null;
  }

  #kinds(): DeviceKind[] {
    return (["camera", "microphone"] as const).filter((kind) => this.#mayPublish.includes(kind));
  }

  #buildPublisher(pc: RTCPeerConnection): void {
    const { camera, microphone } = this.devices.tracks;
    const stream = new MediaStream();
    const add = (source: MediaStreamTrack | "audio" | "video", maxBitrate: number): void => {
      pc.addTransceiver(source, { direction: "sendonly", streams: [stream], sendEncodings: [{ maxBitrate }] });
    };
    add(microphone ?? "audio", SOUND_BITRATE);
    add(camera ?? "video", CAMERA_BITRATE);
  }

  #onDevices(): void {
    const { camera, microphone } = this.devices.tracks;
    if (microphone) microphone.enabled = this.display.microphone;
    if (this.#hasTracks && this.socket.status.problem !== "replaced") {
      this.whip.start();
      for (const { sender, receiver } of this.whip.pc?.getTransceivers() ?? []) {
        const track = receiver.track.kind === "video" ? camera : microphone;
        // Refused only when the connection was closed meanwhile; the next one starts with the right track.
        if (sender.track !== track) sender.replaceTrack(track).catch(() => undefined);
      }
    }
    this.onChange();
  }

  async #report(): Promise<void> {
    const pc = this.whep.pc;
    if (!pc || this.whep.status.state !== "connected") {
      this.digests = new Map();
      this.#quality.reset();
      return;
    }
    this.digests = await this.#stats.read(pc);
    const report = makeReport(this.slots, this.digests, !this.soundBlocked);
    const expected = this.slots.some((s) => s.kind === "video" && s.status === "playing" && s.slot !== "called");
    this.#quality.push(report.loss, expected && !report.picture);
    this.socket.send({ t: "stats", ...report });
    this.onChange();
  }
}
