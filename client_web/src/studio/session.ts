/** Everything the studio does: devices, the teacher's own sending, the classrooms' pictures, the commands. */

import { LocalDevices } from "../lib/devices.ts";
import { locale } from "../lib/i18n.ts";
import { LevelMeter } from "../lib/level.ts";
import { MediaLink, type LinkStatus } from "../lib/media-link.ts";
import type { PageParams } from "../lib/params.ts";
import type { Participant, ServerMessage } from "../lib/protocol.ts";
import { EMPTY_ROOM, reduceRoom, slotNamed, slotsOf, type RoomState } from "../lib/room-state.ts";
import { SignalSocket, closedBy, socketUrl, type Closed, type SocketStatus } from "../lib/socket.ts";
import { SILENCE_DB } from "../lib/stats.ts";
import { HEARD_DB } from "./checks.ts";
import { Orders, type Order } from "./orders.ts";
import { ScreenShare } from "./screen-share.ts";
import { Attention, TILES_PER_PAGE, assignTiles, orderClassrooms, pageCount } from "./tiles.ts";

export type Stage = "preflight" | "live" | "conflict" | "takenOver" | "ended";

const CAMERA = { maxBitrate: 1_200_000, maxFramerate: 30 };
const SCREEN = { maxBitrate: 2_500_000, maxFramerate: 15 };
const SOUND = { maxBitrate: 64_000 };
const LOUDEST_OVER_MS = 10_000;
const LISTEN_EVERY_MS = 100;

export class StudioSession {
  stage: Stage = "preflight";
  room: RoomState = EMPTY_ROOM;
  page = 0;
  microphoneOn = true;
  cameraOn = true;
  /** A reload while the screen was shared: browsers let only a click share it again. */
  shareLost = false;
  /** When the lesson began and ended here, ms since 1970. */
  startedAt = 0;
  /** Why captions were not switched on: a code of the server. */
  captionsRefused = "";
  endedAt = 0;
  readonly devices: LocalDevices;
  readonly screen: ScreenShare;
  readonly socket: SignalSocket;
  readonly whip: MediaLink;
  readonly whep: MediaLink;
  readonly attention = new Attention();
  readonly orders = new Orders();
  /** dB below full scale: now, and the loudest of the last ten seconds. */
  levelDb = SILENCE_DB;
  loudestDb = SILENCE_DB;
  #loudestAt = 0;
  #meter: { track: MediaStreamTrack; level: LevelMeter } | null = null;
  #senders: { camera: RTCRtpSender; screen: RTCRtpSender; microphone: RTCRtpSender } | null = null;
  /** The lesson was ended while the message channel was away. */
  #endUnsent = false;
  #tiles: string[] = [];
  readonly #flag: string;
  #listening = 0;

  constructor(
    readonly params: PageParams,
    private readonly onChange: () => void,
    onDrop: () => void,
  ) {
    const { room, token } = params;
    const path = encodeURIComponent(room);
    this.#flag = `tongke.live.${room}`;
    this.devices = new LocalDevices({
      video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      onChange: () => this.#onTracks(),
    });
    this.screen = new ScreenShare(() => this.#onTracks());
    this.socket = new SignalSocket({
      url: socketUrl(location),
      token,
      patient: false,
      onMessage: (message) => this.#hear(message),
      onStatus: (status) => this.#onSocket(status),
    });
    this.whip = new MediaLink({
      url: `/whip/${path}`,
      token,
      patient: false,
      build: (pc) => this.#buildPublisher(pc),
      onStatus: (status) => this.#onPublisher(status),
    });
    this.whep = new MediaLink({
      url: `/whep/${path}`,
      token,
      patient: false,
      build: (pc) => {
        pc.addTransceiver("audio", { direction: "recvonly" });
        for (let i = 0; i < TILES_PER_PAGE; i += 1) pc.addTransceiver("video", { direction: "recvonly" });
      },
      onStatus: onChange,
      onOpen: () => {
        this.socket.nudge();
        onChange();
      },
      onDrop,
    });
  }

  async start(): Promise<void> {
    this.socket.start();
    this.#listening = window.setInterval(() => this.#listen(), LISTEN_EVERY_MS);
    await this.devices.open(["camera", "microphone"]);
    const flag = this.#readFlag();
    if (flag) {
      this.shareLost = flag === "screen";
      this.goLive();
    }
  }

  /** For good: nothing of it is left. */
  dispose(): void {
    clearInterval(this.#listening);
    this.screen.stop();
    this.whip.dispose();
    this.whep.dispose();
    this.devices.dispose();
    this.#follow(null);
    this.socket.dispose();
  }

  /** Why there is nothing more to do in this room with this token; null while there is. */
  get closed(): Closed | "token" | null {
    // The server has still to hear that the teacher ended it.
    if (this.#endUnsent) return null;
    if (this.stage === "ended" || (this.room.known && this.room.lesson.state === "ended")) return "over";
    const { problem } = this.socket.status;
    if (problem === "forbidden") return "over";
    if (problem === "over" || problem === "cancelled" || problem === "notOpen" || problem === "token") return problem;
    return closedBy(this.whip.status.problem?.code ?? "");
  }

  /** @param takeover close another teacher's sessions in this room. */
  goLive(takeover = false): void {
    this.stage = "live";
    this.startedAt = Date.now();
    this.#endUnsent = false;
    this.#tiles = [];
    this.#openLinks(takeover ? "?takeover=1" : "");
    this.#sendTiles();
    this.#writeFlag();
    this.onChange();
  }

  /** Out of a conflict or a finished lesson, back to the start. */
  async backToPreflight(): Promise<void> {
    this.stage = "preflight";
    this.onChange();
    await this.devices.open(["camera", "microphone"]);
  }

  end(): void {
    this.#endUnsent = !this.socket.send({ t: "end" });
    this.#finish("ended");
  }

  call(id: string): void {
    this.socket.send({ t: "call", participant: this.room.called === id ? null : id });
  }

  mute(id: string | null, muted: boolean): void {
    this.socket.send({ t: "mute", participant: id, muted });
  }

  record(order: Order): void {
    this.orders.gave(order, this.socket.send({ t: "record", ...order }), this.room.recording, performance.now());
    this.onChange();
  }

  /** @param on the classrooms shall read what she says. */
  caption(on: boolean): void {
    this.captionsRefused = "";
    this.socket.send({ t: "captions", on });
    this.onChange();
  }

  toggleMicrophone(): void {
    this.microphoneOn = !this.microphoneOn;
    this.#onTracks();
  }

  toggleCamera(): void {
    this.cameraOn = !this.cameraOn;
    this.#onTracks();
  }

  /** Going live would reach somebody: the server is there, and there is something to send. */
  get ready(): boolean {
    const { camera, microphone, screen } = this.#sending();
    return this.socket.status.state === "open" && (camera !== null || microphone !== null || screen !== null);
  }

  /** What leaves this page now. */
  get sending(): { picture: boolean; sound: boolean } {
    const { camera, microphone, screen } = this.#sending();
    return { picture: camera !== null || screen !== null, sound: microphone !== null && this.microphoneOn };
  }

  get classrooms(): Participant[] {
    return orderClassrooms(this.room.participants.values(), this.room.called, locale());
  }

  get pages(): number {
    return pageCount(this.classrooms.length);
  }

  get shown(): Participant[] {
    const start = Math.min(this.page, this.pages - 1) * TILES_PER_PAGE;
    return this.classrooms.slice(start, start + TILES_PER_PAGE);
  }

  turnPage(by: number): void {
    this.page = Math.min(Math.max(Math.min(this.page, this.pages - 1) + by, 0), this.pages - 1);
    this.#sendTiles();
    this.onChange();
  }

  /** The picture of a classroom on this page, or null while there is none. */
  tileTrack(id: string): MediaStreamTrack | null {
    const slots = slotsOf(this.room, this.whep.session);
    const slot = slots.find((s) => s.kind === "video" && s.participant === id && s.status === "playing");
    return slot ? this.#received(slot.mid) : null;
  }

  /** `unsupported` and the codec, when this browser cannot show a classroom. */
  tileUnsupported(id: string): string | null {
    const slots = slotsOf(this.room, this.whep.session);
    const slot = slots.find((s) => s.kind === "video" && s.participant === id && s.status === "unsupported");
    return slot ? (slot.codec ?? "") : null;
  }

  get calledSound(): MediaStreamTrack | null {
    const slot = slotNamed(slotsOf(this.room, this.whep.session), "called", "audio");
    return slot && slot.status !== "empty" ? this.#received(slot.mid) : null;
  }

  #received(mid: string): MediaStreamTrack | null {
    return this.whep.pc?.getTransceivers().find((t) => t.mid === mid)?.receiver.track ?? null;
  }

  #hear(message: ServerMessage): void {
    const before = this.room.lesson.state;
    if (message.t === "welcome") {
      if (this.#endUnsent) this.end();
      if (this.stage === "live") this.#openLinks();
    }
    this.room = reduceRoom(this.room, message, Date.now());
    if (message.t === "error" && message.re === "captions") this.captionsRefused = message.code;
    if (message.t === "error" && message.re === "record") this.orders.refused(message.code, message.detail);
    if (message.t === "recording") this.orders.heard(this.room.recording);
    if (message.t === "session" && message.state === "closed") this.#onSessionClosed(message.session, message.reason);
    if (message.t === "stats") this.attention.update(message.participants, Date.now());
    const endedElsewhere = this.room.lesson.state === "ended" && before !== "ended" && this.room.known;
    if (endedElsewhere && this.stage === "live") this.#finish("ended");
    else this.#sendTiles(message.t === "welcome");
    this.onChange();
  }

  #onSocket(status: SocketStatus): void {
    if (status.state !== "open") this.orders.lost();
    // Nothing is sent without its controls, nor under the name of a newer page.
    if (status.state === "stopped" && status.problem) {
      this.whip.stop();
      this.whep.stop();
    }
    this.onChange();
  }

  /** Opens what is not open, and hurries what waits to be open again. */
  #openLinks(query = ""): void {
    if (this.whip.status.state === "idle" || query) this.whip.start(query);
    if (this.whep.status.state === "idle") this.whep.start();
    this.whip.nudge();
    this.whep.nudge();
  }

  #onSessionClosed(session: string, reason: string): void {
    if (reason === "taken_over" && session === this.whip.session) this.#finish("takenOver");
    this.whip.lost(session);
    this.whep.lost(session);
  }

  #onPublisher(status: LinkStatus): void {
    if (status.state === "refused" && status.problem?.code === "room_has_lead") {
      this.whip.stop();
      this.whep.stop();
      this.#clearFlag();
      this.stage = "conflict";
    }
    this.onChange();
  }

  #finish(stage: "ended" | "takenOver"): void {
    if (this.stage === "live") this.endedAt = Date.now();
    this.stage = stage;
    this.#clearFlag();
    if (stage === "ended" && !this.#endUnsent) {
      this.whip.stopEnded();
      this.whep.stopEnded();
    } else {
      this.whip.stop();
      this.whep.stop();
    }
    this.screen.stop();
    if (stage === "ended") this.devices.close();
    this.onChange();
  }

  #buildPublisher(pc: RTCPeerConnection): void {
    const { camera, microphone, screen } = this.#sending();
    const together = new MediaStream();
    const slides = new MediaStream();
    const add = (kind: "audio" | "video", track: MediaStreamTrack | null, stream: MediaStream, encoding: RTCRtpEncodingParameters) =>
      pc.addTransceiver(track ?? kind, { direction: "sendonly", streams: [stream], sendEncodings: [encoding] }).sender;
    this.#senders = {
      microphone: add("audio", microphone, together, SOUND),
      camera: add("video", camera, together, CAMERA),
      screen: add("video", screen, slides, SCREEN),
    };
  }

  #sending(): Record<"camera" | "microphone" | "screen", MediaStreamTrack | null> {
    const { camera, microphone } = this.devices.tracks;
    return { camera: this.cameraOn ? camera : null, microphone, screen: this.screen.track };
  }

  /** Devices, switches and the shared screen end up in the senders without renegotiation. */
  #onTracks(): void {
    const tracks = this.#sending();
    if (tracks.microphone) tracks.microphone.enabled = this.microphoneOn;
    if (this.whip.pc && this.#senders) {
      for (const name of ["camera", "microphone", "screen"] as const) {
        const sender = this.#senders[name];
        // Refused only when the connection was closed meanwhile; the next one is built with the right track.
        if (sender.track !== tracks[name]) sender.replaceTrack(tracks[name]).catch(() => undefined);
      }
    }
    if (tracks.screen) this.shareLost = false;
    if (this.stage === "live") this.#writeFlag();
    this.#follow(tracks.microphone);
    this.onChange();
  }

  #follow(microphone: MediaStreamTrack | null): void {
    if (this.#meter?.track === microphone) return;
    this.#meter?.level.close();
    this.#meter = microphone ? { track: microphone, level: new LevelMeter(microphone) } : null;
  }

  #listen(): void {
    if (this.orders.late(performance.now())) this.onChange();
    const now = Date.now();
    this.levelDb = this.#meter ? this.#meter.level.read() : SILENCE_DB;
    if (this.levelDb >= this.loudestDb || now - this.#loudestAt > LOUDEST_OVER_MS) {
      this.loudestDb = this.levelDb;
      this.#loudestAt = now;
    }
    if (this.levelDb > HEARD_DB && this.microphoneOn && this.stage === "live") this.attention.spoke(now);
  }

  #sendTiles(again = false): void {
    if (this.stage !== "live") return;
    const next = assignTiles(this.#tiles, this.shown.map((p) => p.id));
    if (!again && next.join() === this.#tiles.join()) return;
    if (this.socket.send({ t: "tiles", participants: next })) this.#tiles = next;
  }

  #readFlag(): string | null {
    try {
      return sessionStorage.getItem(this.#flag);
    } catch {
      return null;
    }
  }

  #writeFlag(): void {
    try {
      sessionStorage.setItem(this.#flag, this.screen.track || this.shareLost ? "screen" : "camera");
    } catch {
      return;
    }
  }

  #clearFlag(): void {
    try {
      sessionStorage.removeItem(this.#flag);
    } catch {
      return;
    }
  }
}
