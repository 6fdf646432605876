import type { Resize } from "@/lib/engine/onnx/card";
import { readHeader, readSource } from "@/lib/engine/decode";
import { readPixels, type Pixels, type Region } from "@/lib/engine/pixels";

/** How an image is shown to a model: one tensor, planes of a channel each, rows from the top. */
export interface InputForm {
  name: string;
  type: "float32" | "uint8";
  /** 4 with a batch of one, 3 without. */
  rank: 3 | 4;
  channels: 1 | 3;
  width: number;
  height: number;
  resize: Resize;
  /** Per channel, of values from 0 to 1; a uint8 input gets bytes as they are. */
  mean: number[];
  std: number[];
  /** The value of edges, 0 to 255. */
  pad: number;
}

/** Where the image lies on the input: x = left + scaleX · (x of the image, upright). */
export interface Placement {
  left: number;
  top: number;
  scaleX: number;
  scaleY: number;
  /** Of the image as people see it. */
  image: { width: number; height: number };
}

/**
 * The image as the model takes it: upright, sRGB of 8 bits, transparency laid on black, resized bilinearly. The same bytes
 * give the same numbers. Throws ImageDecodeError.
 */
export async function prepareInput(
  source: Buffer,
  form: InputForm,
): Promise<{ data: Float32Array | Uint8Array; placement: Placement }> {
  const { width, height } = await readHeader(source);
  const { region, scaled, left, top, scaleX, scaleY } = place({ width, height }, form);
  const pixels = await readSource(source, true, (whole) => {
    const shown = region ? whole.extract(region) : whole;
    const fitted = shown.resize(scaled.width, scaled.height, { fit: "fill", kernel: "linear" });
    return readPixels(form.channels === 1 ? fitted.grayscale().toColourspace("b-w") : fitted);
  });
  const data = region ? fill(pixels, form, 0, 0) : fill(pixels, form, left, top);
  return { data, placement: { left, top, scaleX, scaleY, image: { width, height } } };
}

interface Placed extends Omit<Placement, "image"> {
  /** The part of the image that is shown; null: all of it. */
  region: Region | null;
  scaled: { width: number; height: number };
}

/** The edges of a letterbox are shared out as Ultralytics does, the odd pixel to the right and below. */
function place(image: { width: number; height: number }, { width, height, resize }: InputForm): Placed {
  const [across, down] = [width / image.width, height / image.height];
  switch (resize) {
    case "stretch":
      return { region: null, scaled: { width, height }, left: 0, top: 0, scaleX: across, scaleY: down };
    case "letterbox": {
      const scale = Math.min(across, down);
      const side = (length: number) => Math.max(1, Math.round(length * scale));
      const scaled = { width: side(image.width), height: side(image.height) };
      const [left, top] = [Math.floor((width - scaled.width) / 2), Math.floor((height - scaled.height) / 2)];
      return { region: null, scaled, left, top, scaleX: scale, scaleY: scale };
    }
    case "crop": {
      const scale = Math.max(across, down);
      const side = (length: number, most: number) => Math.min(most, Math.max(1, Math.round(length / scale)));
      const shown = { width: side(width, image.width), height: side(height, image.height) };
      const left = Math.floor((image.width - shown.width) / 2);
      const top = Math.floor((image.height - shown.height) / 2);
      const [scaleX, scaleY] = [width / shown.width, height / shown.height];
      return {
        region: { left, top, ...shown },
        scaled: { width, height },
        left: -left * scaleX,
        top: -top * scaleY,
        scaleX,
        scaleY,
      };
    }
  }
}

function fill({ data, width, height, channels }: Pixels, form: InputForm, left: number, top: number) {
  const plane = form.width * form.height;
  const out = form.type === "uint8" ? new Uint8Array(form.channels * plane) : new Float32Array(form.channels * plane);
  const [firstX, endX] = [Math.max(0, left), Math.min(form.width, left + width)];
  const [firstY, endY] = [Math.max(0, top), Math.min(form.height, top + height)];
  for (let channel = 0; channel < form.channels; channel++) {
    const values = valuesOf(form, channel);
    const from = channels === 1 ? 0 : channel;
    out.fill(values[form.pad]!, channel * plane, (channel + 1) * plane);
    for (let y = firstY; y < endY; y++) {
      let at = channel * plane + y * form.width + firstX;
      let source = ((y - top) * width + firstX - left) * channels + from;
      for (let x = firstX; x < endX; x++, at++, source += channels) out[at] = values[data[source]!]!;
    }
  }
  return out;
}

/** What each byte of a channel becomes. */
function valuesOf({ type, mean, std }: InputForm, channel: number): Float32Array | Uint8Array {
  if (type === "uint8") return Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const [m, s] = [mean[channel] ?? mean[0]!, std[channel] ?? std[0]!];
  return Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - m) / s);
}
