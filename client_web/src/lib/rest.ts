/**
 * `/api/v1` for pages on which somebody is signed in: the session's cookie, the CSRF token, problem details as errors,
 * idempotency keys, lists in pages, cancelling. Who is signed out is sent to sign in and comes back to the same place.
 */

import { Problem } from "./http.ts";
import { setZone } from "./zone.ts";

export const ROOT = "/api/v1";
const TIMEOUT_MS = 15_000;
/** Waits before a creating request is sent again with the same key, so that it is done once however often it is sent. */
const AGAIN_MS = [500, 2_000];

/** An answer of the server that says no, with everything it says about it; no answer at all is `status` 0, `offline`. */
export class RestProblem extends Problem {
  constructor(
    status: number,
    code: string,
    detail = "",
    /** The other members of the problem document, such as `problems` and `alternatives` of a conflict. */
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(status, code, detail);
  }
}

export interface Me {
  person: { id: string; name: string; login: string; language: string; school: string | null };
  grants: { role: string; kind: string; scope: string }[];
  /** Action → the scopes in which it may be done. */
  may: Record<string, { kind: string; scope: string }[]>;
  /** Of her school's clock. */
  zone: string;
  csrf: string;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

type Value = string | number | boolean | null | undefined;
export type Query = Readonly<Record<string, Value | readonly string[]>>;

export interface Options {
  /** Cancels the request; the promise is then rejected with what `cancelled` recognises. */
  signal?: AbortSignal;
  /** The longest silence, before the answer and within it. */
  timeoutMs?: number;
  /** Let it outlive the page. */
  keepalive?: boolean;
}

interface Sending extends Options {
  body?: unknown;
  query?: Query;
  key?: string;
}

/** Whether a request failed because the page itself gave it up. */
export function cancelled(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** 128 random bits. (`crypto.randomUUID` is younger than our oldest browser.) */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Left out: null, undefined and empty texts. A list is given as its name repeated. */
export function withQuery(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const values: readonly Value[] = Array.isArray(value) ? value : [value as Value];
    for (const one of values) if (one != null && one !== "") parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

const LEAVING_MS = 5_000;

/** Where to sign in, so that one comes back to where one is. */
export function signInUrl(place: Pick<Location, "pathname" | "search" | "hash">): string {
  return `/login?next=${encodeURIComponent(place.pathname + place.search + place.hash)}`;
}

/** Of one page. Everything rejects with `RestProblem`, but for what the page cancelled. */
export class Rest {
  #csrf = "";
  #me: Promise<Me> | null = null;
  /** When the page was sent to sign in, ms of `performance.now`: a second going there would stop the first. */
  #sent = -Infinity;

  constructor(
    private readonly fetching: typeof fetch = (...args) => fetch(...args),
    private readonly signedOut: () => void = () => location.assign(signInUrl(location)),
  ) {}

  #leave(): void {
    if (performance.now() - this.#sent < LEAVING_MS) return;
    this.#sent = performance.now();
    this.signedOut();
  }

  /** Who is signed in; asked once. */
  me(): Promise<Me> {
    this.#me ??= this.#askMe();
    return this.#me;
  }

  get<T>(path: string, query?: Query, options?: Options): Promise<T> {
    return this.#json<T>("GET", path, { ...options, ...(query ? { query } : {}) });
  }

  /** One page of a list. */
  page<T>(path: string, query?: Query, options?: Options): Promise<Page<T>> {
    return this.get<Page<T>>(path, query, options);
  }

  /** A list to its end, or until there are `most`; `more` says whether there would have been others. */
  async all<T>(path: string, query: Query = {}, most = 1000, options?: Options): Promise<{ items: T[]; more: boolean }> {
    const items: T[] = [];
    let after: string | null = "";
    while (after !== null && items.length < most) {
      const page: Page<T> = await this.page<T>(path, { limit: 200, ...query, after }, options);
      items.push(...page.items);
      after = page.next;
    }
    return { items: items.slice(0, most), more: after !== null || items.length > most };
  }

  /** Something that creates nothing, such as a question with a body or a change. */
  post<T>(path: string, body: unknown = {}, options?: Options): Promise<T> {
    return this.#json<T>("POST", path, { ...options, body });
  }

  /**
   * Something that creates: it carries an idempotency key, and is sent again with the same one when no answer came.
   * @param key of what the person does once; give the same one when the person tries again.
   */
  async create<T>(path: string, body: unknown, key = newKey(), options?: Options): Promise<T> {
    for (const wait of AGAIN_MS) {
      try {
        return await this.#json<T>("POST", path, { ...options, body, key });
      } catch (error) {
        const again = error instanceof RestProblem && (error.status === 0 || error.status === 503 || error.code === "in_progress");
        if (!again) throw error;
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    return this.#json<T>("POST", path, { ...options, body, key });
  }

  put<T>(path: string, body: unknown = {}, options?: Options): Promise<T> {
    return this.#json<T>("PUT", path, { ...options, body });
  }

  patch<T>(path: string, body: unknown = {}, options?: Options): Promise<T> {
    return this.#json<T>("PATCH", path, { ...options, body });
  }

  delete<T>(path: string, query?: Query, options?: Options): Promise<T> {
    return this.#json<T>("DELETE", path, { ...options, ...(query ? { query } : {}) });
  }

  /** A file, with its own media type. `creates`: see `create`. */
  async upload<T>(path: string, file: Blob, query: Query = {}, key = newKey(), options?: Options): Promise<T> {
    return this.#json<T>("POST", path, { timeoutMs: 600_000, ...options, query, body: file, key });
  }

  async #askMe(): Promise<Me> {
    try {
      const me = await this.#json<Me>("GET", "/me", {});
      this.#csrf = me.csrf;
      setZone(me.zone);
      return me;
    } catch (error) {
      this.#me = null; // the next one asks again
      throw error;
    }
  }

  async #json<T>(method: string, path: string, sending: Sending): Promise<T> {
    let answer = await this.#send(method, path, sending);
    if (answer.status === 403 && method !== "GET") {
      const problem = problemOf(answer);
      if (problem.code !== "csrf") throw problem;
      // Signed in anew in another window: the token of that session counts now.
      this.#csrf = "";
      this.#me = null;
      answer = await this.#send(method, path, sending);
    }
    if (answer.status === 401) this.#leave();
    if (answer.status < 200 || answer.status > 299) throw problemOf(answer);
    if (answer.status === 204) return undefined as T;
    try {
      return JSON.parse(answer.text) as T;
    } catch {
      throw new RestProblem(0, "offline");
    }
  }

  async #send(method: string, path: string, { body, query, key, signal, timeoutMs = TIMEOUT_MS, keepalive = false }: Sending): Promise<Answer> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") {
      if (!this.#csrf) await this.me();
      headers["X-CSRF-Token"] = this.#csrf;
    }
    if (key) headers["Idempotency-Key"] = key;
    if (body !== undefined && !(body instanceof Blob)) headers["Content-Type"] = "application/json";
    else if (body instanceof Blob && body.type) headers["Content-Type"] = body.type;
    const abort = new AbortController();
    const cancel = (): void => abort.abort();
    signal?.addEventListener("abort", cancel);
    if (signal?.aborted) abort.abort();
    let timer = setTimeout(cancel, timeoutMs);
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(cancel, timeoutMs);
    };
    try {
      const response = await this.fetching(withQuery(ROOT + path, query), {
        method,
        headers,
        body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        keepalive,
        signal: abort.signal,
      });
      return { status: response.status, text: await textOf(response, heard) };
    } catch {
      if (signal?.aborted) throw new DOMException("", "AbortError");
      throw new RestProblem(0, "offline");
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }
}

/** What the server said, whole. */
export interface Answer {
  status: number;
  text: string;
}

/** @param heard something of it came: a slow line has all the time it needs, a dead one none. */
async function textOf(response: Response, heard: () => void): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    heard();
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
}

/** Members of RFC 9457 that are not facts. */
const STANDARD = new Set(["type", "title", "status", "detail", "code", "instance"]);

export function problemOf({ status, text: said }: Answer): RestProblem {
  try {
    const body = JSON.parse(said) as Record<string, unknown>;
    const text = (name: string): string => (typeof body[name] === "string" ? body[name] : "");
    const extra = Object.fromEntries(Object.entries(body).filter(([name]) => !STANDARD.has(name)));
    return new RestProblem(status, text("code") || "server", text("detail"), extra);
  } catch {
    return new RestProblem(status, "server");
  }
}
