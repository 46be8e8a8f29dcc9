/** Signing in: which ways there are, a password, and where to go on afterwards. Nothing here needs a session. */

import { ROOT, RestProblem, problemOf } from "../lib/rest.ts";

const TIMEOUT_MS = 15_000;
const WANTED = "tongke.next";

export interface Ways {
  password: boolean;
  oidc: boolean;
}

/** Only paths of this server, so that nobody's link sends a person who has just signed in elsewhere; else `/home`. */
export function safeNext(next: string | null, origin: string): string {
  if (!next || !next.startsWith("/")) return "/home";
  try {
    const url = new URL(next, origin);
    const path = url.pathname + url.search + url.hash;
    // `/\host` and `//host` are other hosts to a browser, and so would be a path that begins with two slashes.
    return url.origin === origin && !path.startsWith("//") && url.pathname !== "/login" ? path : "/home";
  } catch {
    return "/home";
  }
}

async function ask(path: string, init: RequestInit): Promise<string> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(ROOT + path, { ...init, cache: "no-store", credentials: "same-origin", signal: abort.signal });
    text = await response.text();
  } catch {
    throw new RestProblem(0, "offline");
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw problemOf({ status: response.status, text });
  return text;
}

export async function ways(): Promise<Ways> {
  return JSON.parse(await ask("/login", { method: "GET" })) as Ways;
}

export async function signIn(login: string, password: string): Promise<void> {
  await ask("/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ login, password }),
  });
}

/** The sign-in service brings her back to `/login?arrived=1` without her wish; it waits here. */
export function leaveForService(next: string): void {
  try {
    sessionStorage.setItem(WANTED, next);
  } catch {
    // Without storage she arrives at /home.
  }
  location.assign("/oidc/start");
}

/** What was wished before she left for the sign-in service, once; null: she did not come from there. */
export function backFromService(): string | null {
  try {
    const next = sessionStorage.getItem(WANTED);
    sessionStorage.removeItem(WANTED);
    return next;
  } catch {
    return null;
  }
}

/** Why the sign-in service did not bring her in, as the server says it in the address; null: it says nothing. */
export function problemOfService(search: string): RestProblem | null {
  const said = new URLSearchParams(search);
  const code = said.get("problem");
  if (!code) return null;
  const wait = Number(said.get("retry_after"));
  return new RestProblem(400, code, "", wait > 0 ? { retry_after: wait } : {});
}

/** Whether the browser has a session. */
export async function signedIn(): Promise<boolean> {
  try {
    await ask("/me", { method: "GET" });
    return true;
  } catch {
    return false;
  }
}
