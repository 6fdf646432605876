// How fast a version's images are made: the engine's renderOutputs beside sharp alone doing the same to the same photos.
import path from "node:path";
import sharp from "sharp";
import { tsImport } from "tsx/esm/api";
import { median, show, table, verdict } from "./report.mjs";

const SIDE_PX = 640;
const IN_FLIGHT = 2;
const VERSIONS = 3;
const AUGMENTATION = {
  image: { versions: VERSIONS },
  flip: { horizontal: true },
  rotate: { degrees: 15 },
  brightness: { brighten: true, darken: true, percent: 15 },
  noise: { percent: 1 },
};
const ENCODING = { quality: 90, chromaSubsampling: "4:4:4" };
/** @type {import("./report.mjs").Goal} */
const GOAL = { must: 0.8, aim: 1, better: "more" };

/**
 * @typedef {typeof import("../lib/engine/generate") & typeof import("../lib/engine/plan")} Engine
 * @typedef {(photo: Buffer, index: number) => Promise<number>} Render
 * @typedef {{ images: number, seconds: number, cpuSeconds: number }} Figures
 * @typedef {"ours" | "sharp"} Side
 */

/** @type {readonly Side[]} */
const SIDES = ["ours", "sharp"];

/**
 * Numbers from 0 to 1, the same ones for the same seed (mulberry32, public domain).
 * @param {number} seed
 */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Blobs of colour with a camera's fine noise: to a codec, a photograph.
 * @param {number} seed
 */
export async function takePhoto(seed) {
  const draw = random(seed);
  const side = 24;
  const blobs = Buffer.from(Array.from({ length: side * side * 3 }, () => draw() * 256));
  const data = await sharp(blobs, { raw: { width: side, height: side, channels: 3 } })
    .resize(SIDE_PX, SIDE_PX, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer();
  for (let at = 0; at < data.length; at++) data[at] = Math.min(255, Math.max(0, (data[at] ?? 0) + draw() * 16 - 8));
  return sharp(data, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();
}

/**
 * What one would write with sharp alone. Noise is no operation of sharp's, so those pixels are set by hand here, too.
 * @param {Buffer} source
 * @param {() => number} draw
 */
async function renderPlainly(source, draw) {
  let made = 0;
  for (let version = 0; version < VERSIONS; version++) {
    const degrees = (draw() * 2 - 1) * 15;
    const radians = (Math.abs(degrees) * Math.PI) / 180;
    const inset = Math.floor((Math.round(SIDE_PX * (Math.cos(radians) + Math.sin(radians))) - SIDE_PX) / 2);
    const { data, info } = await sharp(source)
      .flop(draw() < 0.5)
      .rotate(degrees, { background: "black" })
      .extract({ left: inset, top: inset, width: SIDE_PX, height: SIDE_PX })
      .linear(1 + (draw() * 2 - 1) * 0.15, 0)
      .raw()
      .toBuffer({ resolveWithObject: true });
    for (let left = Math.round(draw() * 0.01 * SIDE_PX * SIDE_PX); left > 0; left--) {
      const at = Math.floor(draw() * SIDE_PX * SIDE_PX) * 3;
      data.fill(draw() < 0.5 ? 0 : 255, at, at + 3);
    }
    await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
      .jpeg(ENCODING)
      .toBuffer();
    made++;
  }
  return made;
}

/**
 * @param {Engine} engine
 * @param {Buffer} source
 * @param {string} id
 */
async function renderOurs(engine, source, id) {
  const settings = { preprocessing: { "auto-orient": true }, augmentation: AUGMENTATION, splits: null, seed: 1 };
  let made = 0;
  const outputs = engine.planOutputs({ id, split: "train", contentType: "image/jpeg" }, settings);
  for await (const { width, height } of engine.renderOutputs(source, { id, boxes: [] }, outputs, settings)) {
    if (width !== SIDE_PX || height !== SIDE_PX) throw new Error(`The engine made an image of ${width} × ${height}.`);
    made++;
  }
  return made;
}

/**
 * Renders every photo, a fixed number at a time. Figures of this process: libvips' threads are its own.
 * @param {Buffer[]} photos
 * @param {Render} render
 * @returns {Promise<Figures>}
 */
async function time(photos, render) {
  const queue = photos.entries();
  let images = 0;
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (const [index, photo] of queue) images += await render(photo, index);
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return { images, seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/**
 * Both sides take turns, a slice of the photos each, and who begins changes every turn; ratios are taken within a round.
 * `plan.generate`: photos, rounds, slices.
 * @param {import("./run.mjs").Run} options
 */
export async function measureGenerate({ plan, say }) {
  const { photos: count, rounds, slices } = plan.generate;
  const load = (/** @type {string} */ name) => tsImport(path.join("../lib/engine", name), import.meta.url);
  /** @type {Engine} */
  const engine = { ...(await load("generate.ts")), ...(await load("plan.ts")) };
  say(`Taking ${count} photos …`);
  /** @type {Buffer[]} */
  const photos = [];
  for (let index = 0; index < count; index++) photos.push(await takePhoto(index));
  const draw = random(1);
  /** @type {Record<Side, Render>} */
  const sides = {
    ours: (photo, index) => renderOurs(engine, photo, `photo-${index}`),
    sharp: (photo) => renderPlainly(photo, draw),
  };
  for (const render of Object.values(sides)) await time(photos.slice(0, 10), render);

  /** @type {Record<Side, number[]>} */
  const perSecond = { ours: [], sharp: [] };
  /** @type {Record<Side, number[]>} */
  const perCore = { ours: [], sharp: [] };
  for (let round = 0; round < rounds; round++) {
    say(`Generating, round ${round + 1} of ${rounds} …`);
    /** @type {Record<Side, Figures>} */
    const sums = { ours: { images: 0, seconds: 0, cpuSeconds: 0 }, sharp: { images: 0, seconds: 0, cpuSeconds: 0 } };
    for (let slice = 0; slice < slices; slice++) {
      const part = photos.slice((count * slice) / slices, (count * (slice + 1)) / slices);
      for (const side of slice % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const { images, seconds, cpuSeconds } = await time(part, sides[side]);
        sums[side].images += images;
        sums[side].seconds += seconds;
        sums[side].cpuSeconds += cpuSeconds;
      }
    }
    for (const side of SIDES) {
      perSecond[side].push(sums[side].images / sums[side].seconds);
      perCore[side].push(sums[side].images / sums[side].cpuSeconds);
    }
  }
  const rows = [
    { what: "images/s", ...perSecond },
    { what: "images/s a core (CPU time)", ...perCore },
  ].map(({ what, ours, sharp: plain }) => {
    const ratios = ours.map((value, round) => value / (plain[round] ?? NaN));
    return [
      what,
      show(median(ours), 1),
      show(median(plain), 1),
      `${show(median(ratios))} [${show(Math.min(...ratios))}–${show(Math.max(...ratios))}]`,
      verdict(median(ratios), GOAL),
    ];
  });
  return table(["", "engine", "sharp alone", "× sharp", "goal"], rows);
}
