/** How much of the square the longer side of a drawing takes. */
const SHARE = 20 / 28;
/** Of 255: fainter than this is the ground. */
const INK_MIN = 60;

/**
 * A drawing fitted into its square and centred by its weight, as the handwritten digits of MNIST are: wherever and however
 * large somebody draws, the model sees what it learned from. null when nothing is drawn.
 */
export function fitDrawing(canvas: HTMLCanvasElement, ground: string, lightOnDark: boolean): HTMLCanvasElement | null {
  const side = canvas.width;
  const fitted = document.createElement("canvas");
  [fitted.width, fitted.height] = [side, side];
  const [source, target] = [canvas.getContext("2d"), fitted.getContext("2d")];
  if (!source || !target) return null;
  const { data } = source.getImageData(0, 0, side, side);
  let [left, top, right, bottom, weight, x, y] = [side, side, -1, -1, 0, 0, 0];
  for (let at = 0; at < side * side; at++) {
    const value = data[at * 4]!;
    const ink = lightOnDark ? value : 255 - value;
    if (ink < INK_MIN) continue;
    const [column, row] = [at % side, Math.floor(at / side)];
    [left, top, right, bottom] = [
      Math.min(left, column),
      Math.min(top, row),
      Math.max(right, column),
      Math.max(bottom, row),
    ];
    [weight, x, y] = [weight + ink, x + ink * column, y + ink * row];
  }
  if (weight === 0) return null;
  const scale = (SHARE * side) / (Math.max(right - left, bottom - top) + 1);
  target.fillStyle = ground;
  target.fillRect(0, 0, side, side);
  target.translate(side / 2, side / 2);
  target.scale(scale, scale);
  target.drawImage(
    canvas,
    left,
    top,
    right - left + 1,
    bottom - top + 1,
    left - x / weight,
    top - y / weight,
    right - left + 1,
    bottom - top + 1,
  );
  return fitted;
}
