// Pictures of what was looked at, in tests/browser/screens/. Letters are those of DejaVu, which
// Debian's fontconfig brings along, so that they are the same anywhere; what differs by more than a
// shade in more than half a percent of the pixels is a change to look at: SCREENS=write makes the
// references anew.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SOURCE } from "./gangway.mjs";

const SCREENS = join(SOURCE, "tests/browser/screens");
export const LETTERS = `:root { --sans: "DejaVu Sans"; --mono: "DejaVu Sans Mono"; }
  .page-foot { visibility: hidden; } *, ::before { caret-color: transparent !important; }`;
const SHADE = 40;
export const SHARE = 0.005;

/** The share of pixels in which two PNGs differ by more than a shade; 1 for other sizes. `page` is
 *  any that allows pictures from its own script. */
export async function difference(page, pngs) {
  const urls = pngs.map((png) => `data:image/png;base64,${png.toString("base64")}`);
  return page.evaluate(async ([sources, shade]) => {
    const images = await Promise.all(sources.map(async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const paper = canvas.getContext("2d");
      paper.drawImage(image, 0, 0);
      return paper.getImageData(0, 0, image.width, image.height);
    }));
    const [a, b] = images;
    if (a.width !== b.width || a.height !== b.height) return 1;
    let count = 0;
    for (let i = 0; i < a.data.length; i += 4) {
      const gaps = [0, 1, 2].map((k) => Math.abs(a.data[i + k] - b.data[i + k]));
      if (Math.max(...gaps) > shade) count++;
    }
    return count / (a.width * a.height);
  }, [urls, SHADE]);
}

/** Holds what `target` (a page or an element) looks like to its reference. */
export async function assertScreen(name, page, target = page) {
  const path = join(SCREENS, `${name}.png`);
  const png = await target.screenshot();
  if (process.env.SCREENS === "write") {
    mkdirSync(SCREENS, { recursive: true });
    writeFileSync(path, png);
    return;
  }
  assert.ok(existsSync(path), `no ${path}: SCREENS=write makes it`);
  const wanted = readFileSync(path);
  const share = wanted.equals(png) ? 0 : await difference(page, [wanted, png]);
  if (share > SHARE && process.env.BUILD_DIR) {
    writeFileSync(join(process.env.BUILD_DIR, `screen-${name}.png`), png);
  }
  assert.ok(share <= SHARE, `${name}: ${(100 * share).toFixed(2)} % of the pixels differ`);
}
