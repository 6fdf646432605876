/* Images, and files of annotations, as other tools write them. */

export const image = (name: string, width = 416, height = 416, id = name) => ({ id, name, width, height });
export const entry = (name: string, text: string | object) => ({
  name,
  text: typeof text === "string" ? text : JSON.stringify(text),
});

/** As the hosted service writes it: number 0 is the supercategory. */
export const COCO = {
  info: {
    year: "2020",
    version: "1",
    description: "Exported from roboflow.ai",
    contributor: "Roboflow",
    url: "",
    date_created: "2000-01-01T00:00:00+00:00",
  },
  licenses: [{ id: 1, url: "https://creativecommons.org/publicdomain/zero/1.0/", name: "Public Domain" }],
  categories: [
    { id: 0, name: "Workers", supercategory: "none" },
    { id: 1, name: "head", supercategory: "Workers" },
    { id: 2, name: "helmet", supercategory: "Workers" },
  ],
  images: [
    { id: 0, license: 1, file_name: "0001.jpg", height: 275, width: 490, date_captured: "2020-07-20T19:39:26+00:00" },
    { id: 1, license: 1, file_name: "empty.jpg", height: 10, width: 10, date_captured: "2020-07-20T19:39:26+00:00" },
  ],
  annotations: [
    { id: 0, image_id: 0, category_id: 2, bbox: [45, 2, 85, 85], area: 7225, segmentation: [], iscrowd: 0 },
    { id: 1, image_id: 0, category_id: 1, bbox: [324.5, 29.25, 72, 81], area: 5832, segmentation: [], iscrowd: 0 },
  ],
};
export const COCO_IMAGES = [image("0001.jpg", 490, 275), image("empty.jpg", 10, 10)];

export const voc = (objects: string, head = "<filename>a.jpg</filename>") =>
  `<?xml version="1.0"?><annotation>${head}${objects}</annotation>`;
export const object = (name: string, [xmin, ymin, xmax, ymax]: (number | string)[]) =>
  `<object><name>${name}</name><bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox></object>`;
