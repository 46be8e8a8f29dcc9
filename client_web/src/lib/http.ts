/** HTTP to our own server: bearer token, time limit, problem details (RFC 9457). */

/** An answer of the server that says no, or no answer at all (`status` 0, `code` `offline`). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** Stable name, for translation. */
    readonly code: string,
    /** The server's English sentence; may be empty. */
    readonly detail = "",
    /** When to ask again, ms from now; null when the server does not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${status} ${code}`);
  }
}

export interface Request {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Left out: a stranger. */
  token?: string;
  body?: string | Blob;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Let it outlive the page. */
  keepalive?: boolean;
}

/** @throws Problem for every answer that is not 2xx, and for none. */
export async function request(url: string, options: Request): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), options.timeoutMs ?? 8_000);
  let response: Response;
  try {
    response = await fetch(url, {
      method: options.method,
      headers: { ...(options.token ? { Authorization: `Bearer ${options.token}` } : {}), ...options.headers },
      body: options.body ?? null,
      keepalive: options.keepalive ?? false,
      signal: abort.signal,
      cache: "no-store",
    });
  } catch {
    throw new Problem(0, "offline");
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as { code?: unknown; detail?: unknown; retry_after_ms?: unknown };
    const code = typeof body.code === "string" ? body.code : "server";
    const header = Number(response.headers.get("Retry-After") ?? NaN) * 1_000;
    const again = typeof body.retry_after_ms === "number" ? body.retry_after_ms : Number.isFinite(header) ? header : null;
    return new Problem(response.status, code, typeof body.detail === "string" ? body.detail : "", again);
  } catch {
    return new Problem(response.status, "server");
  }
}

/**
 * What to do after a refused or failed WHIP/WHEP request.
 * `ask`: a person has to decide; `stop`: trying again cannot help; `slowly`: it might, now and then; `soon`: it will.
 */
export function afterProblem(problem: Problem, patient: boolean): "soon" | "slowly" | "stop" | "ask" {
  if (problem.code === "room_has_lead") return "ask";
  if (problem.status === 0 || problem.status === 404 || problem.status === 429 || problem.status >= 500) return "soon";
  return patient ? "slowly" : "stop";
}
