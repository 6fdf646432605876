import { expect, test } from "vitest";
import { imageFacts, imagesChange, toImageRef } from "./browser";

test("a change names its images by id or by a filter: neither, or both, is refused", () => {
  expect(imagesChange.parse({ imageIds: ["a"], split: "valid" })).toEqual({
    images: { imageIds: ["a"] },
    split: "VALID",
  });
  expect(imagesChange.parse({ filter: {}, label: null })).toEqual({ images: { filter: {} }, label: null });
  for (const wrong of [{ split: "valid" }, { imageIds: ["a"], filter: {}, split: "valid" }])
    expect(imagesChange.safeParse(wrong).error?.issues[0]?.path).toEqual(["images"]);
});

test("an empty field of a form is one that was left out", () => {
  expect(imageFacts.parse({ name: "a.png", label: "" })).toEqual({ fileName: "a.png", split: null, label: null });
});

test.each(["", "a b", "a\0", "é"])("no image is called %j in a path", (image) => {
  expect(() => toImageRef({ workspace: "acme", project: "hats", image })).toThrow(
    expect.objectContaining({ code: "not_found" }),
  );
});
