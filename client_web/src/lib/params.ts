/** What a page is told in its URL fragment, which browsers never send to a server. */

export interface PageParams {
  room: string;
  token: string;
  lang: string | null;
  overlay: boolean;
  /** What people call the lesson; without it the room's name has to do. */
  title?: string;
  /** IANA name of the zone whose time is shown; without it the machine's own. */
  zone?: string;
}

/** The claims of a room token that a page shows before the server has spoken. Never trusted for anything else. */
export interface TokenClaims {
  room: string;
  sub: string;
  role: string;
  name: string;
  publish: string[];
  /** Seconds since 1970, or null when the token does not say. */
  exp: number | null;
  /** The classroom display that an assistant has the remote of. */
  beside: string | null;
  /** When the lesson is planned to end, seconds since 1970. */
  ends: number | null;
}

/** @param hash `location.hash`, with or without `#`. @param search `location.search`; only `overlay` is read from it. */
export function parseParams(hash: string, search = ""): PageParams {
  const fragment = new URLSearchParams(hash.replace(/^#/, ""));
  const query = new URLSearchParams(search);
  const overlay = fragment.get("overlay") ?? query.get("overlay");
  const token = (fragment.get("token") ?? "").trim();
  return {
    room: (fragment.get("room") ?? decodeToken(token)?.room ?? "").trim(),
    token,
    lang: fragment.get("lang"),
    overlay: overlay !== null && overlay !== "0",
  };
}

/** One thing of the fragment; empty when it is not there: a display's `claim`, the `code` that a phone has read. */
export function parseFragment(hash: string, name: "claim" | "code"): string {
  return new URLSearchParams(hash.replace(/^#/, "")).get(name)?.trim() ?? "";
}

/** Reads a JWT's payload (RFC 7519 §7.2) without checking its signature; null when it is not one. */
export function decodeToken(token: string): TokenClaims | null {
  const part = token.split(".")[1];
  if (!part) return null;
  try {
    const binary = atob(part.replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const text = (key: string): string => (typeof claims[key] === "string" ? claims[key] : "");
    const number = (key: string): number | null => (typeof claims[key] === "number" ? claims[key] : null);
    const publish = claims["publish"];
    return {
      room: text("room"),
      sub: text("sub"),
      role: text("role"),
      name: text("name"),
      publish: Array.isArray(publish) ? publish.filter((p): p is string => typeof p === "string") : [],
      exp: number("exp"),
      beside: text("beside") || null,
      ends: number("ends"),
    };
  } catch {
    return null;
  }
}
