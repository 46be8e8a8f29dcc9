/** Where in `/admin` one is: `#/places/ID`. Every tab has its own address, so that it can be sent and gone back to. */

import type { Me } from "../lib/rest.ts";
import { mayAny } from "../lib/rights.ts";

/** In their order, with what one must be allowed so that the tab is of use. */
export const TABS = {
  people: ["people.read"],
  places: ["places.write", "people.read"],
  devices: ["device.pair", "device.revoke", "people.read"],
  calendars: ["times.write"],
  bells: ["times.write"],
  imports: ["import.run", "export.run"],
  work: ["stages.retry"],
  audit: ["audit.read"],
  webhooks: ["webhook.read"],
} as const;

export type TabName = keyof typeof TABS;

export interface Route {
  tab: TabName | "school";
  id: string;
}

export function tabsOf(me: Me): TabName[] {
  return (Object.keys(TABS) as TabName[]).filter((tab) => mayAny(me, ...TABS[tab]));
}

/** @param hash `location.hash`; what is not one of these leads to the first tab. */
export function routeOf(hash: string, tabs: readonly TabName[]): Route | null {
  const [, name = "", id = ""] = /^#\/(\w+)(?:\/([0-9A-Za-z]{1,16}))?$/.exec(hash) ?? [];
  if (name === "school" && id && tabs.includes("places")) return { tab: "school", id };
  const tab = tabs.find((it) => it === name) ?? tabs[0];
  return tab ? { tab, id: tab === name ? id : "" } : null;
}
