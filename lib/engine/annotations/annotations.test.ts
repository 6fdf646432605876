import { describe, expect, it } from "vitest";
import { parseAnnotations, parseClassName, parseImageAnnotations } from "@/lib/engine/annotations/annotations";
import { COCO, entry, image, object, voc } from "@/lib/testing/annotation-files";

describe("hostile and broken texts", () => {
  const refused = (name: string, text: string) => {
    const { boxes, problems } = parseAnnotations([{ name, text }], [image("a.jpg")]);
    expect(boxes.size).toBe(0);
    return problems.map(({ code, details }) => [code, details]);
  };
  const bomb = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i || ""};`.repeat(10)}">`).join("")}]>`;

  it.each([
    ["unknown text", "a.json", "", "unknown_format"],
    ["other JSON", "a.json", '{"shapes":[]}', "unknown_format"],
    ["broken JSON", "a.json", '{"images":[', "unreadable"],
    ["UTF-16 as UTF-8", "a.json", '{\0"\0i\0', "unreadable"],
    ["deep JSON", "a.json", "[".repeat(5_000_000), "too_complex"],
    ["wide JSON", "a.json", `[${"{},".repeat(6_000_000)}{}]`, "too_complex"],
    ["large JSON", "a.json", `{"a":"${"x".repeat(53_000_000)}"}`, "too_large"],
    ["CreateML", "a.json", '[{"image":"a.jpg","annotations":[]}]', "unsupported_format"],
    ["CSV", "a.csv", "filename,width\n", "unsupported_format"],
    ["JSON lines", "a.jsonl", '{"image":"a.jpg"}\n', "unsupported_format"],
    ["billion laughs", "a.xml", `${bomb}<annotation><filename>&lol9;</filename></annotation>`, "unreadable"],
    [
      "external entity",
      "a.xml",
      '<!doctype a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>',
      "unreadable",
    ],
    ["deep XML", "a.xml", "<a>".repeat(100_000), "unreadable"],
    ["broken XML", "a.xml", "<annotation><object></annotation>", "unreadable"],
    ["other XML", "a.xml", "<svg/>", "unknown_format"],
    ["prototype in XML", "a.xml", "<annotation><__proto__><x>1</x></__proto__></annotation>", "unreadable"],
    ["large XML", "a.xml", `<annotation>${" ".repeat(6_000_000)}</annotation>`, "too_large"],
    ["YAML without names", "data.yaml", "nc: 1", "unknown_format"],
    ["YAML of another kind", "data.yaml", "- a", "unknown_format"],
    ["broken YAML", "data.yaml", "names: [a", "unreadable"],
    ["deep YAML", "data.yaml", "[".repeat(20_000), "unreadable"],
    ["YAML of aliases", "data.yaml", "a: &a [x]\nb: &b [*a, *a]\nnames: [*b, *b]", "unreadable"],
    ["large YAML", "data.yaml", `names: [${"a,".repeat(600_000)}]`, "too_large"],
    ["no image at all", "a.svgz", "\u001f", "unknown_format"],
  ])("%s is refused with a code, and quickly", (_, name, text, code) => {
    const started = process.cpuUsage();
    expect(refused(name, text).map(([found]) => found)).toEqual([code]);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  it("reads as many class names as fit, in time that grows with their number only", () => {
    const started = process.cpuUsage();
    const names = `names:\n${Array.from({ length: 20_000 }, (_, index) => `  ${index}: c\n`).join("")}`;
    expect(
      parseAnnotations([entry("a.txt", "19999 .5 .5 .1 .1"), entry("data.yaml", names)], [image("a.jpg")]).boxes.get(
        "a.jpg",
      )?.[0]?.label,
    ).toBe("c");
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  it("survives names of any kind, and cuts them short in what it says", () => {
    const names = ["../../etc/passwd", "a\0.jpg", "x".repeat(4096), "__proto__", "", "/", "C:\\con"];
    const images = names.map((file_name, id) => ({ id, file_name }));
    const { boxes, problems } = parseAnnotations(
      [
        { name: "n".repeat(5000), text: JSON.stringify({ ...COCO, images: images.slice(2, 3), annotations: [] }) },
        entry("b.json", { ...COCO, images, annotations: [] }),
      ],
      [image("a.jpg")],
    );
    expect(boxes.size).toBe(0);
    expect(
      problems.map(({ file, code, count, details }) => [file.length, code, count, String(details.image).length]),
    ).toEqual([
      [200, "unknown_image", 1, 200],
      [6, "unknown_image", 7, 16],
    ]);
  });

  it("refuses the file that brings one box too many, and keeps the others'", () => {
    const line = "0 .5 .5 .1 .1\n";
    const { boxes, problems } = parseAnnotations(
      [entry("a.txt", line), entry("b.txt", line.repeat(1_000_000)), entry("c.txt", line)],
      [image("a.jpg"), image("b.jpg"), image("c.jpg")],
    );
    expect([...boxes.keys()]).toEqual(["a.jpg", "c.jpg"]);
    expect(problems).toEqual([{ file: "b.txt", code: "too_many_boxes", count: 1, details: { limit: 1_000_000 } }]);
  });
});

describe("one image, as the SDK sends it", () => {
  const one = image("renamed.jpg", 490, 275, "id");

  it("takes YOLO with the labelmap as JSON leaves it, whatever the file is called", () => {
    expect(parseImageAnnotations(entry("other.txt", "1 0.5 0.5 0.5 0.5"), one, { "0": "cat", "1": "dog" })).toEqual({
      boxes: [{ label: "dog", x: 122.5, y: 68.75, width: 245, height: 137.5 }],
      problems: [],
    });
  });

  it("takes VOC that names another file, and the part of a COCO file cut out for the image", () => {
    expect(parseImageAnnotations(entry("x.xml", voc(object("cat", [1, 1, 9, 9]))), one).boxes).toHaveLength(1);
    expect(
      parseImageAnnotations(entry("annotation.coco.json", { ...COCO, images: COCO.images.slice(0, 1) }), one).boxes,
    ).toHaveLength(2);
  });

  it("takes the SDK's made-up annotation for an image without boxes", () => {
    const annotations = [{ id: 999999999, image_id: 999999999, category_id: 0, area: 1, segmentation: [], iscrowd: 0 }];
    expect(
      parseImageAnnotations(
        entry("annotation.coco.json", { ...COCO, images: COCO.images.slice(0, 1), annotations }),
        one,
      ),
    ).toEqual({ boxes: [], problems: [] });
  });

  it("takes only this image's boxes out of a COCO file of many", () => {
    expect(parseImageAnnotations(entry("all.json", COCO), image("0001.jpg", 490, 275)).boxes).toHaveLength(2);
    expect(parseImageAnnotations(entry("all.json", COCO), one)).toMatchObject({
      boxes: null,
      problems: [{ code: "unknown_image", count: 2 }],
    });
  });

  it("has no boxes, but a problem, for what cannot be read", () => {
    expect(
      parseImageAnnotations(entry("annotation.createml.json", '[{"image":"a","annotations":[]}]'), one),
    ).toMatchObject({ boxes: null, problems: [{ code: "unsupported_format", details: { format: "createml" } }] });
  });

  it("takes a bare class name for a classification, and nothing else", () => {
    const texts = ["dog", "\uFEFF 猫 ", "[draft", "7", '"quoted"', "", "a\nb", "x".repeat(300)];
    expect(texts.map(parseClassName)).toEqual(["dog", "猫", "[draft", "7", '"quoted"', null, null, null]);
    for (const several of ['["circle", "square"]', '["circle"]', " [] ", '\uFEFF{"images": []}'])
      expect(parseClassName(several)).toBeNull();
  });
});
