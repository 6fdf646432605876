import { expect, test } from "vitest";
import { zipOf } from "@/lib/testing/zips";
import { peekInto } from "./peek";

const LIMITS = { imageBytes: Infinity, annotationBytes: Infinity };
const peek = async (bytes: Buffer) => peekInto(new File([new Uint8Array(bytes)], "a.b"), LIMITS);

test("a zip's images are counted by their folders, and where it comes from is told", async () => {
  const zip = await zipOf({
    "set/data.yaml": "names: [a]\nroboflow:\n  workspace: acme\n  project: hats\n  version: 7\n",
    "set/train/images/1.jpg": "x",
    "set/valid/images/2.jpg": "x",
    "set/3.png": "x",
    "../4.png": "x",
  });
  expect(await peek(zip)).toEqual({
    images: { train: 2, valid: 1, test: 0 },
    origin: { workspace: "acme", project: "hats", number: 7, name: null, createdAt: null },
  });
});

test("what is no zip is nothing, and an empty one has no images", async () => {
  expect(await peek(Buffer.from("no zip"))).toBeNull();
  expect(await peek(await zipOf({}))).toMatchObject({ images: { train: 0, valid: 0, test: 0 } });
});
