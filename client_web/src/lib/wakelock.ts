/** Keeps the display on. The browser lets go whenever the page is hidden, so it is taken again each time. */

interface WakeLock {
  request(kind: "screen"): Promise<EventTarget>;
}

export function keepAwake(): void {
  const lock = (navigator as { wakeLock?: WakeLock }).wakeLock;
  if (!lock) return;
  const take = (): void => {
    // Refused on battery saver and on plain HTTP; the display's own settings rule then.
    if (document.visibilityState === "visible") lock.request("screen").catch(() => undefined);
  };
  document.addEventListener("visibilitychange", take);
  take();
}
