/** Whether the server has another build of this page. Assets carry a hash in their names. */

/** What a page consists of, in one line: the names of its assets. */
export function buildOf(html: string): string {
  const names = new Set([...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1] as string));
  return [...names].sort().join(" ");
}

/** Of the page that runs. Empty while it is being developed, and then it never changes. */
export function ownBuild(): string {
  const tags = [...document.querySelectorAll("head script[src], head link[href]")];
  return buildOf(tags.map((tag) => `src="${tag.getAttribute("src") ?? tag.getAttribute("href") ?? ""}"`).join(" "));
}

/** @returns the build on the server; null when it does not answer, or answers with something else. */
export async function serverBuild(path: string): Promise<string | null> {
  try {
    const response = await fetch(path, { cache: "no-store" });
    return (response.ok && buildOf(await response.text())) || null;
  } catch {
    return null;
  }
}
