// `node scripts/icons.mjs`: draws the pictures in public/ from the product's sign; they are committed with it.
import { writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { projectRoot } from "./data-dir.mjs";

const folder = path.join(projectRoot, "public");
const fonts = path.join(projectRoot, "node_modules/geist/dist/fonts/geist-sans");

/** As in app/_ui/mark.tsx: a square of 32, and the way back. */
const WAY_BACK = "M9 12h9a5.5 5.5 0 0 1 0 11h-6M13 7.5 8.5 12l4.5 4.5";
const SQUARE = 32;
const RADIUS = 8;
/** Of app/globals.css, light and dark. */
const ACCENT = { light: "#4f46e5", dark: "#5850e0" };
const DARK = { canvas: "#0d0d10", raised: "#18181d", line: "#28282f", ink: "#ededf0", muted: "#a3a3ae" };

const ARROW = `<path d="${WAY_BACK}" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>`;
/** @param {number} width @param {number} height @param {string} viewBox @param {string} content */
const svg = (width, height, viewBox, content) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${viewBox}">${content}</svg>`;

/**
 * The sign at a size; without `radius` its ground goes to the edges, for systems that cut icons to a shape of their own.
 * @param {number} size
 */
const sign = (size, radius = 0) =>
  svg(
    size,
    size,
    `0 0 ${SQUARE} ${SQUARE}`,
    `<rect width="${SQUARE}" height="${SQUARE}" rx="${radius}" fill="${ACCENT.light}"/>${ARROW}`,
  );
/** @param {string} source */
const png = (source) => sharp(Buffer.from(source)).png({ compressionLevel: 9, palette: true }).toBuffer();

/**
 * PNGs in one ICO: a header, an entry of 16 bytes for each, then the pictures themselves.
 * @param {{ size: number, bytes: Buffer }[]} pictures
 */
function packIco(pictures) {
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  pictures.forEach(({ size, bytes }, index) => {
    const entry = 6 + 16 * index;
    head.writeUInt8(size, entry);
    head.writeUInt8(size, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(bytes.length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += bytes.length;
  });
  return Buffer.concat([head, ...pictures.map(({ bytes }) => bytes)]);
}

/**
 * A line of text in Geist, as a picture to lay over another.
 * @param {string} text
 * @param {{ left: number, top: number, sizePx: number, weight: string, colour: string }} look
 */
async function write(text, { left, top, sizePx, weight, colour }) {
  const fontfile = path.join(fonts, `Geist-${weight}.ttf`);
  // At 72 dpi a point is a pixel.
  const input = await sharp({
    text: {
      text: `<span foreground="${colour}">${text}</span>`,
      font: `Geist ${weight} ${sizePx}`,
      fontfile,
      dpi: 72,
      rgba: true,
    },
  })
    .png()
    .toBuffer();
  return { input, left, top };
}

/** What chats and feeds show of a link: tiles of a dataset, and one of them come back. */
async function linkCard() {
  const [width, height] = [1200, 630];
  const [tile, gap, columns, rows] = [132, 16, 4, 5];
  const [left, top] = [width - columns * (tile + gap) + 40, (height - rows * (tile + gap) + gap) / 2];
  const restored = { column: 1, row: 2 };
  const tiles = Array.from({ length: columns * rows }, (_, index) => {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    const at = `translate(${left + column * (tile + gap)} ${top + row * (tile + gap)})`;
    return column === restored.column && row === restored.row
      ? `<g transform="${at} scale(${tile / SQUARE})"><rect width="${SQUARE}" height="${SQUARE}" rx="${RADIUS}" fill="${ACCENT.light}"/>${ARROW}</g>`
      : `<rect transform="${at}" width="${tile}" height="${tile}" rx="${(tile * RADIUS) / SQUARE}" fill="${DARK.raised}" stroke="${DARK.line}" stroke-width="2"/>`;
  });
  const ground = svg(
    width,
    height,
    `0 0 ${width} ${height}`,
    `<rect width="${width}" height="${height}" fill="${DARK.canvas}"/>${tiles.join("")}`,
  );
  const lines = ["Deleting is safe.", "Restoring is exact.", "Purging is provable."];
  return sharp(Buffer.from(ground))
    .composite([
      await write("Reprieve", { left: 80, top: 164, sizePx: 104, weight: "SemiBold", colour: DARK.ink }),
      ...(await Promise.all(
        lines.map((line, index) =>
          write(line, { left: 80, top: 324 + index * 54, sizePx: 38, weight: "Regular", colour: DARK.muted }),
        ),
      )),
    ])
    .png({ compressionLevel: 9, palette: true })
    .toBuffer();
}

/** @param {string} name @param {string | Buffer} content */
const save = (name, content) => writeFileSync(path.join(folder, name), content);

save(
  "icon.svg",
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SQUARE} ${SQUARE}"><style>rect{fill:${ACCENT.light}}@media (prefers-color-scheme:dark){rect{fill:${ACCENT.dark}}}</style><rect width="${SQUARE}" height="${SQUARE}" rx="${RADIUS}"/>${ARROW}</svg>\n`,
);
for (const size of [192, 512]) save(`icon-${size}.png`, await png(sign(size, RADIUS)));
save("icon-maskable-512.png", await png(sign(512)));
save("apple-touch-icon.png", await png(sign(180)));
save(
  "favicon.ico",
  packIco(await Promise.all([16, 32, 48].map(async (size) => ({ size, bytes: await png(sign(size, RADIUS)) })))),
);
save("link-card.png", await linkCard());
