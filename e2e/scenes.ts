import sharp from "sharp";
import { annotateImages } from "@/lib/domain/images";
import { uploadImage } from "@/lib/work/uploads/images";
import { userContext, type World } from "@/lib/testing/builders";

const SPLITS = ["TRAIN", "TRAIN", "TRAIN", "TRAIN", "VALID", "TEST"] as const;

/** A photograph-like JPEG of a street with a van and, in every second one, a ball; no two are the same. */
async function makeScene(index: number, { width, height }: { width: number; height: number }) {
  const [x, y] = [0.08 * width + ((index * 37) % Math.round(width * 0.4)), height * 0.5];
  const van = { label: "van", x, y, width: width * 0.34, height: height * 0.28 };
  const ball = {
    label: "ball",
    x: width * 0.72,
    y: height * 0.7 - (index % 5) * 6,
    width: width * 0.12,
    height: width * 0.12,
  };
  const boxes = index % 2 === 0 ? [van] : [van, ball];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="62%" fill="hsl(${195 + ((index * 13) % 50)} 55% 70%)"/><rect y="62%" width="100%" height="38%" fill="hsl(${(index * 29) % 360} 12% 45%)"/>
    <circle cx="82%" cy="18%" r="${width * 0.06}" fill="#ffe9a0"/>
    <rect x="${van.x}" y="${van.y}" width="${van.width}" height="${van.height}" rx="${width * 0.03}" fill="hsl(${(index * 47) % 360} 65% 48%)"/>
    ${boxes.length > 1 ? `<circle cx="${ball.x + ball.width / 2}" cy="${ball.y + ball.height / 2}" r="${ball.width / 2}" fill="#d43b2f"/>` : ""}</svg>`;
  return { boxes, bytes: await sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer() };
}

/** Uploads scenes with their boxes to an object detection project, as a person would. */
export async function uploadScenes(
  world: World,
  project: { slug: string },
  count: number,
  size = { width: 640, height: 480 },
): Promise<void> {
  const [ctx, ref] = [await userContext(world), { workspaceSlug: world.workspace.slug, projectSlug: project.slug }];
  const annotations = [];
  for (let index = 0; index < count; index++) {
    const { bytes, boxes } = await makeScene(index, size);
    const { id } = await uploadImage(ctx, ref, [bytes], {
      fileName: `street-${index + 1}.jpg`,
      label: null,
      split: SPLITS[index % SPLITS.length]!,
    });
    annotations.push({ imageId: id, boxes });
  }
  await annotateImages(ctx, ref, { annotations, overwrite: true });
}
