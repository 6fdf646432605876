import { describe, expect, it } from "vitest";
import { parseAnnotations } from "@/lib/engine/annotations/annotations";
import { entry, image, object, voc } from "@/lib/testing/annotation-files";

/** As the hosted service writes it, tabs and order included. */
const VOC = `<annotation>
\t<folder></folder>
\t<filename>000001_jpg.rf.126f6b8c.jpg</filename>
\t<path>000001_jpg.rf.126f6b8c.jpg</path>
\t<source>
\t\t<database>roboflow.com</database>
\t</source>
\t<size>
\t\t<width>416</width>
\t\t<height>416</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>helmet</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<occluded>0</occluded>
\t\t<bndbox>
\t\t\t<xmin>1</xmin>
\t\t\t<xmax>416</xmax>
\t\t\t<ymin>94</ymin>
\t\t\t<ymax>160</ymax>
\t\t</bndbox>
\t</object>
</annotation>
`;

describe("Pascal VOC", () => {
  it("counts pixels from 1, the last one within the box", () => {
    const { boxes, problems } = parseAnnotations(
      [entry("train/000001_jpg.rf.126f6b8c.xml", VOC)],
      [image("000001_jpg.rf.126f6b8c.jpg")],
    );
    expect(problems).toEqual([]);
    expect([...boxes.values()]).toEqual([[{ label: "helmet", x: 0, y: 93, width: 416, height: 67 }]]);
  });

  it("clips what was counted from 0 and takes fractions", () => {
    const { boxes } = parseAnnotations([entry("a.xml", voc(object("cat", [0, 0, 10.5, "  20 "])))], [image("a.jpg")]);
    expect(boxes.get("a.jpg")).toEqual([{ label: "cat", x: 0, y: 0, width: 10.5, height: 20 }]);
  });

  it("finds the image by the file's own name when <filename> is wrong or absent", () => {
    for (const head of ["<filename>IMG_1.JPG</filename>", "<folder>x</folder>", "<filename/>"]) {
      const { boxes, problems } = parseAnnotations(
        [entry("labels/a.xml", voc(object("cat", [1, 1, 9, 9]), head))],
        [image("a.png")],
      );
      expect([boxes.has("a.png"), problems]).toEqual([true, []]);
    }
  });

  it("says which image is unknown, and takes an annotation without objects for an empty image", () => {
    expect(parseAnnotations([entry("b.xml", voc(""))], [image("z.jpg")]).problems).toEqual([
      { file: "b.xml", code: "unknown_image", count: 1, details: { image: "a.jpg" } },
    ]);
    expect(parseAnnotations([entry("a.xml", "<annotation/>")], [image("a.jpg")]).boxes.get("a.jpg")).toEqual([]);
  });

  it("reads the entities of XML and the class names of any language", () => {
    const { boxes } = parseAnnotations(
      [entry("a.xml", voc(object("salt &amp; pepper &lt;&#29483;&gt;", [1, 1, 9, 9])))],
      [image("a.jpg")],
    );
    expect(boxes.get("a.jpg")?.[0]?.label).toBe("salt & pepper <猫>");
  });

  it("takes the box around what stands askew, and around a polygon, and tells it", () => {
    const read = (objects: string) => {
      const { boxes, problems } = parseAnnotations([entry("a.xml", voc(objects))], [image("a.jpg")]);
      return [
        (boxes.get("a.jpg") ?? []).map(({ x, y, width, height }) => [x, y, width, height]),
        problems.map(({ code }) => code),
      ];
    };
    const robndbox = (angle: number) =>
      `<object><type>robndbox</type><name>car</name><robndbox><cx>100</cx><cy>50</cy><w>40</w><h>20</h><angle>${angle}</angle></robndbox></object>`;
    expect(read(robndbox(Math.PI / 2))).toEqual([[[90, 30, 20, 40]], ["rotated_reduced"]]);
    const withRotation = object("car", [81, 41, 120, 60]).replace(
      "</object>",
      "<attributes><attribute><name>occluded</name><value>False</value></attribute><attribute><name>rotation</name><value>90.0</value></attribute></attributes></object>",
    );
    expect(read(withRotation)).toEqual([[[90, 30, 20, 40]], ["rotated_reduced"]]);
    const polygon = object("car", [81, 41, 120, 60]).replace(
      "</object>",
      "<polygon><x1>81</x1><y1>41</y1></polygon></object>",
    );
    expect(read(polygon)).toEqual([[[80, 40, 40, 20]], ["polygon_reduced"]]);
  });

  it("takes the rest when one object is broken", () => {
    const objects =
      object("cat", ["", 1, 2, 3]) +
      object("cat", ["x", 1, 2, 3]) +
      "<object/>" +
      object("dog", [1, 1, 2, 2]) +
      object("cat", [9, 9, 2, 2]);
    const { boxes, problems } = parseAnnotations([entry("a.xml", voc(objects))], [image("a.jpg")]);
    expect(boxes.get("a.jpg")).toEqual([{ label: "dog", x: 0, y: 0, width: 2, height: 2 }]);
    expect(problems.map(({ code, count }) => [code, count])).toEqual([
      ["bad_box", 3],
      ["empty_box", 1],
    ]);
  });
});
