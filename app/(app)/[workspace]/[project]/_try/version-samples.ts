import type { VersionImage, VersionImages } from "@/lib/work/versions/images";

/** Any image of the version that was kept from training, if there is one: of test, else of valid, else of all. */
export async function findSample(url: string): Promise<VersionImage | null> {
  for (const split of ["split=test&", "split=valid&", ""]) {
    const { total } = await listImages(`${url}/images?${split}limit=1`);
    if (total === 0) continue;
    const { images } = await listImages(`${url}/images?${split}limit=1&offset=${Math.floor(Math.random() * total)}`);
    return images[0] ?? null;
  }
  return null;
}

/** Whether the version's images are darker than not, as far as one of them tells. */
export async function isDark(url: string): Promise<boolean> {
  const { images } = await listImages(`${url}/images?limit=1`);
  if (!images[0]) return true;
  const picture = new Image();
  picture.src = `${url}/${images[0].path}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [16, 16];
  const pen = canvas.getContext("2d");
  if (!pen) return true;
  pen.drawImage(picture, 0, 0, 16, 16);
  const { data } = pen.getImageData(0, 0, 16, 16);
  const light = data.reduce((sum, value, at) => (at % 4 === 3 ? sum : sum + value), 0);
  return light / (16 * 16 * 3) < 128;
}

async function listImages(url: string): Promise<VersionImages> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The images answered ${response.status}.`);
  return response.json();
}
