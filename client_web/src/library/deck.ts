/**
 * The media elements of one resource on one time line. The leading one's time is the line's; the others are steered beside
 * it; where the leading one has nothing, the line's own clock goes on. Knows elements and no view.
 */

import type { Track } from "./model.ts";
import { Clock, inside, leaderAt, steer, takesOver, thereAt, type There, type Window } from "./sync.ts";

const EVERY_MS = 100;
const EVENTS = ["loadedmetadata", "loadeddata", "canplay", "seeked", "waiting", "playing", "ended", "progress", "error", "durationchange"] as const;

export interface Medium {
  track: Track;
  element: HTMLMediaElement;
}

export class Deck {
  /** What is wanted; the elements may still be waiting for data. */
  playing = false;
  rate = 1;
  /** The browser wants a gesture first. */
  blocked = false;
  #clock = new Clock();
  #media: readonly Medium[] = [];
  #leader: Medium | null = null;
  #correcting = new Set<Medium>();
  #timer = 0;

  /** @param tell something may look different now. */
  constructor(
    readonly window: Window,
    private readonly tell: () => void,
  ) {
    this.#clock.put(window.starts, performance.now());
  }

  attach(media: readonly Medium[]): void {
    this.#media = media;
    for (const { element } of media) for (const name of EVENTS) element.addEventListener(name, this.#tick);
    this.#timer = window.setInterval(() => this.playing && this.#tick(), EVERY_MS);
    addEventListener("online", this.#online);
    this.seek(this.at);
  }

  /** Ends what they load, too: an element that is merely dropped goes on until it is collected. */
  detach(): void {
    clearInterval(this.#timer);
    removeEventListener("online", this.#online);
    for (const { element } of this.#media) {
      for (const name of EVENTS) element.removeEventListener(name, this.#tick);
      element.pause();
      element.removeAttribute("src");
      element.load();
    }
    this.#media = [];
    this.#leader = null;
  }

  /** ms on the line. */
  get at(): number {
    return this.#clock.at(performance.now());
  }

  get ended(): boolean {
    return this.at >= this.window.ends;
  }

  /** Playing, and the picture does not come. */
  get waits(): boolean {
    return this.playing && this.#leads() && (this.#leader!.element.seeking || this.#leader!.element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
  }

  get broken(): boolean {
    return this.#media.some(({ element }) => element.error !== null);
  }

  there(track: Track): There {
    return thereAt(track, this.at);
  }

  /** What of the leading file is loaded, ms on the line. */
  get loaded(): (readonly [number, number])[] {
    const { element, track } = this.#leader ?? {};
    if (!element || !track) return [];
    return Array.from({ length: element.buffered.length }, (_, index) => {
      const at = (seconds: number): number => track.offset_ms + seconds * 1000;
      return [at(element.buffered.start(index)), at(element.buffered.end(index))] as const;
    });
  }

  play(): void {
    if (this.ended) this.seek(this.window.starts);
    this.playing = true;
    this.blocked = false;
    this.#tick();
  }

  pause(): void {
    this.playing = false;
    this.#tick();
  }

  seek(at_ms: number): void {
    const at = Math.min(Math.max(at_ms, this.window.starts), this.window.ends);
    this.#clock.put(at, performance.now());
    for (const { track, element } of this.#media) element.currentTime = inside(track, at) / 1000;
    this.#tick();
  }

  speed(rate: number): void {
    this.rate = rate;
    this.#clock.halt(performance.now());
    this.#tick();
  }

  /** Loads again what could not be loaded, from where it was. */
  retry(): void {
    const { at } = this;
    for (const { element } of this.#media) if (element.error) element.load();
    this.seek(at);
  }

  #online = (): void => {
    if (this.broken) this.retry();
  };

  #leads(): boolean {
    return this.#leader !== null && thereAt(this.#leader.track, this.#clock.at(performance.now())) === "during";
  }

  #tick = (): void => {
    const now = performance.now();
    this.#lead(now);
    if (this.#leader && !this.#leads()) this.#lead(now); // it came to its end: who is next goes on at once
    if (this.#clock.at(now) >= this.window.ends && this.playing) {
      this.playing = false;
      this.#clock.halt(now);
      this.#clock.put(this.window.ends, now);
      this.#leader?.element.pause();
    }
    const leading = { at_ms: this.#clock.at(now), rate: this.rate, plays: this.playing && !this.waits };
    for (const medium of this.#media) if (medium !== this.#leader) this.#follow(medium, leading);
    this.tell();
  };

  #lead(now: number): void {
    const leader = this.#choose(now);
    if (!leader) {
      if (!this.playing) this.#clock.halt(now);
      else if (!this.#clock.runs) this.#clock.run(now, this.rate);
      return;
    }
    const { element, track } = leader;
    this.#clock.halt(now);
    if (element.playbackRate !== this.rate) element.playbackRate = this.rate;
    if (element.ended) this.#clock.put(track.offset_ms + track.length_ms, now); // it is a little shorter than was said
    else if (!element.seeking && element.readyState >= HTMLMediaElement.HAVE_METADATA) this.#clock.put(track.offset_ms + element.currentTime * 1000, now);
    this.#run(element, this.playing);
  }

  /** Files come and go: with every picture size of the camera another one begins. */
  #choose(now: number): Medium | null {
    const at = this.#clock.at(now);
    const leading = leaderAt(this.#media.map((it) => it.track), at);
    const leader = this.#media.find((it) => it.track === leading) ?? null;
    if (leader && leader !== this.#leader) {
      const jump = takesOver(leader.track, leader.element.currentTime * 1000, at);
      if (jump !== null) leader.element.currentTime = jump / 1000;
      this.#correcting.delete(leader);
    }
    return (this.#leader = leader);
  }

  #follow(medium: Medium, leading: { at_ms: number; rate: number; plays: boolean }): void {
    const { element, track } = medium;
    const busy = element.seeking || element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
    const steering = steer({ ...track, at_ms: element.currentTime * 1000, busy, correcting: this.#correcting.has(medium) }, leading);
    if (steering.correcting) this.#correcting.add(medium);
    else this.#correcting.delete(medium);
    if (element.playbackRate !== steering.rate) element.playbackRate = steering.rate;
    if (steering.seek_ms !== null) element.currentTime = steering.seek_ms / 1000;
    this.#run(element, steering.plays && !element.ended);
  }

  #run(element: HTMLMediaElement, plays: boolean): void {
    if (!plays) {
      if (!element.paused) element.pause();
    } else if (element.paused && !element.error) {
      element.play().catch((error: unknown) => {
        // The only refusal that a person can lift; the others come from a pause or a jump meanwhile.
        if ((error as DOMException).name !== "NotAllowedError") return;
        this.playing = false;
        this.blocked = true;
        this.#tick();
      });
    }
  }
}
