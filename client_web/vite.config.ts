import { resolve } from "node:path";
import { defineConfig } from "vite";

const page = (name: string): string => resolve(import.meta.dirname, `${name}.html`);

export default defineConfig({
  base: "/",
  build: {
    target: "chrome87",
    cssTarget: "chrome87",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    manifest: true,
    rollupOptions: {
      input: {
        index: page("index"),
        studio: page("studio"),
        classroom: page("classroom"),
        assistant: page("assistant"),
        login: page("login"),
        home: page("home"),
        admin: page("admin"),
        timetable: page("timetable"),
        lesson: page("lesson"),
        ledger: page("ledger"),
        library: page("library"),
        school: page("school"),
      },
    },
  },
});
