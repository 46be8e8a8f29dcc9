/** The zone of the school's clock: a machine in a village may believe that it stands elsewhere. */

export const CHINA = "Asia/Shanghai";

let current = CHINA;

/** IANA name. */
export function zone(): string {
  return current;
}

/** @param name as the server tells it; one that this browser does not know changes nothing. */
export function setZone(name: string): void {
  if (known(name)) current = name;
}

/** An old browser may not know a young zone. */
export function known(name: string): boolean {
  try {
    return name !== "" && new Intl.DateTimeFormat("en", { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
