/** Icons, drawn on a 24 × 24 grid with strokes of 2. */

import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";

export type IconName = keyof typeof SHAPES;

const path = (d: string): SVGTemplateResult => svg`<path d=${d} />`;
const SLASH = "M4 4l16 16";

const SHAPES = {
  camera: path("M4 7h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2zM15 11l6-3.5v9L15 13"),
  cameraOff: path(`M8 7h5a2 2 0 0 1 2 2v4M15 11l6-3.5v9L17 14M13 17H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2${SLASH}`),
  microphone: path("M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M9 21h6"),
  microphoneOff: path(`M9 9v2a3 3 0 0 0 4.5 2.6M15 11V6a3 3 0 0 0-5.8-1M5.5 11a6.5 6.5 0 0 0 10 5.5M18.5 11a6.5 6.5 0 0 1-.5 2.5M12 17.5V21M9 21h6${SLASH}`),
  screen: path("M4 5h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 17H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 5zM8 21h8M12 14V8.5M9.5 11 12 8.5l2.5 2.5"),
  screenOff: path("M4 5h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 17H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 5zM8 21h8M9.5 8.5l5 5M14.5 8.5l-5 5"),
  hand: path("M7 12.5V7a1.5 1.5 0 0 1 3 0v4M10 10.5V4.5a1.5 1.5 0 0 1 3 0V11M13 11V6a1.5 1.5 0 0 1 3 0v6M16 9.5a1.5 1.5 0 0 1 3 0V15a6.5 6.5 0 0 1-12 3.5l-3-5a1.5 1.5 0 0 1 2.6-1.5L7 13"),
  phone: path("M8 2.5h8a1.5 1.5 0 0 1 1.5 1.5v16a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 20V4A1.5 1.5 0 0 1 8 2.5zM11 18h2"),
  call: path("M4 10v4h3.5l5 4V6l-5 4zM16 9a4.2 4.2 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11"),
  silent: path("M4 10v4h3.5l5 4V6l-5 4zM16.5 9.5l5 5M21.5 9.5l-5 5"),
  check: path("M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM8 12.3l2.8 2.7L16 9.5"),
  warn: path("M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.1"),
  bad: path("M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM9 9l6 6M15 9l-6 6"),
  clock: path("M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 7.5V12l3 2"),
  live: path("M12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM8 8a5.6 5.6 0 0 0 0 8M16 8a5.6 5.6 0 0 1 0 8M5 5a9.9 9.9 0 0 0 0 14M19 5a9.9 9.9 0 0 1 0 14"),
  link: path("M4 12a8 8 0 0 1 13.6-5.7L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.6 5.7L4 15.5M4 20v-4.5h4.5"),
  line: path("M2.5 9.5a14 14 0 0 1 19 0M6 13a9 9 0 0 1 12 0M9.2 16.5a4.2 4.2 0 0 1 5.6 0M12 20v.1"),
  end: path("M12 3v9M7 6.3a8 8 0 1 0 10 0"),
  help: path("M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM9.5 9.5a2.6 2.6 0 1 1 3.8 2.4c-.9.5-1.3 1-1.3 2.1M12 17v.1"),
  people: path("M9 5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM2.5 20c.3-3.6 3-5.5 6.5-5.5s6.2 1.9 6.5 5.5M16 5.5a3.3 3.3 0 0 1 0 6.2M18 15c2 .6 3.3 2.3 3.5 5"),
  left: path("M14.5 5.5 8 12l6.5 6.5"),
  right: path("M9.5 5.5 16 12l-6.5 6.5"),
  cross: path("M6 6l12 12M18 6 6 18"),
  menu: path("M4 7h16M4 12h16M4 17h16"),
  home: path("M3.5 11.5 12 4l8.5 7.5M6 9.5V20h12V9.5M10 20v-6h4v6"),
  calendar: path("M4.5 5.5h15a1 1 0 0 1 1 1V20a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1zM3.5 10h17M8 3v4M16 3v4"),
  tools: path("M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2"),
  out: path("M14 4H5.5A1.5 1.5 0 0 0 4 5.5v13A1.5 1.5 0 0 0 5.5 20H14M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5"),
  globe: path("M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM3 12h18M12 3c2.6 2.5 4 5.6 4 9s-1.4 6.5-4 9c-2.6-2.5-4-5.6-4-9s1.4-6.5 4-9z"),
  search: path("M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 21 21"),
  plus: path("M12 5v14M5 12h14"),
  file: path("M6 3h8l5 5v12a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM14 3v5h5"),
  house: path("M4 21V8l8-5 8 5v13zM9.5 21v-5h5v5M9 11h.1M15 11h.1"),
  minus: path("M5 12h14"),
  star: path("M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z"),
  print: path("M7 8.5V3.5h10v5M7 17H4.5A1.5 1.5 0 0 1 3 15.5V10a1.5 1.5 0 0 1 1.5-1.5h15A1.5 1.5 0 0 1 21 10v5.5a1.5 1.5 0 0 1-1.5 1.5H17M7 13.5h10v7H7z"),
  bell: path("M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4"),
  play: path("M7 4.5v15l12-7.5z"),
  pause: path("M8 5v14M16 5v14"),
  captions: path("M4 5h16a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 20 19H4a1.5 1.5 0 0 1-1.5-1.5v-11A1.5 1.5 0 0 1 4 5zM10.5 10.3a2.3 2.3 0 1 0 0 3.4M17.5 10.3a2.3 2.3 0 1 0 0 3.4"),
  full: path("M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"),
  swap: path("M4 8h15M15.5 4.5 19 8l-3.5 3.5M20 16H5M8.5 12.5 5 16l3.5 3.5"),
  share: path("M9.5 14.5l5-5M11 7l2-2a4.2 4.2 0 0 1 6 6l-2 2M13 17l-2 2a4.2 4.2 0 0 1-6-6l2-2"),
  cut: path("M6 4.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM6 14.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM8 8.5 20 18M8 15.5 20 6"),
  save: path("M12 4v11M7.5 10.5 12 15l4.5-4.5M4.5 19.5h15"),
  load: path("M12 15V4M7.5 8.5 12 4l4.5 4.5M4.5 19.5h15"),
  chat: path("M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5h-7L7 20.5v-4H5A1.5 1.5 0 0 1 3.5 15V6A1.5 1.5 0 0 1 5 4.5z"),
  edit: path("M4 20h4L19 9l-4-4L4 16zM13 7l4 4"),
  library: path("M4.5 4h4v16h-4zM8.5 4h4v16h-4zM13.6 5.6l3.8-1 3.6 14.5-3.8 1z"),
} as const;

/** @param name decoration only: the words beside it carry the meaning, so it is hidden from screen readers. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`;
}
