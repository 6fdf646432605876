import { expect, test } from "vitest";
import { EXPORT_INFO, HATS, detection, plan, textAt } from "@/lib/testing/export-plans";
import { readOrigin, tellsOrigin } from "./origin";

const NOTHING = { workspace: null, project: null, number: null, name: null, createdAt: null };

test("data.yaml of the hosted service tells which version it was, as the client writes it anew, too", () => {
  const text =
    "names:\n- hat\nnc: 1\nroboflow:\n  license: CC BY 4.0\n  project: hard-hats\n  url: https://universe.roboflow.com/acme/hard-hats/dataset/7\n  version: 7\n  workspace: acme\ntest: /home/x/test/images\ntrain: /home/x/train/images\nval: /home/x/valid/images\n";
  expect(readOrigin([{ name: "set/data.yaml", text }])).toEqual({
    ...NOTHING,
    workspace: "acme",
    project: "hard-hats",
    number: 7,
  });
});

test("the titles of its notes tell number and name; what is said first counts", () => {
  const files = [
    { name: "data.yaml", text: "names: [hat]\nroboflow:\n  version: 7\n" },
    { name: "README.roboflow.txt", text: "\nHard Hats - v8 2022-03-31 2:30pm\n====\n\nThis dataset was exported\n" },
    { name: "README.dataset.txt", text: "# Hard Hats > 2022-03-31 2:30pm\nhttps://universe.roboflow.com/a/b\n" },
  ];
  expect(readOrigin(files)).toEqual({ ...NOTHING, number: 7, name: "2022-03-31 2:30pm" });
});

test("our own downloads tell all but the name", () => {
  const readme = textAt(plan("voc", detection(HATS)), "README.dataset.txt");
  expect(readOrigin([{ name: "README.dataset.txt", text: readme }])).toEqual({
    workspace: EXPORT_INFO.workspace,
    project: EXPORT_INFO.project,
    number: EXPORT_INFO.version,
    name: null,
    createdAt: EXPORT_INFO.createdAt,
  });
});

test("whatever the texts hold, what they do not tell is nothing", () => {
  const texts = [
    "",
    "a: [b",
    "roboflow: 7",
    "roboflow:\n  version: 0\n  workspace: ../../etc\n  project: [x]",
    "roboflow:\n  version: 99999999999",
    `a: &a [x]\nroboflow: {version: *a}`,
    "x".repeat(300_000),
  ];
  for (const text of texts) expect(readOrigin([{ name: "data.yaml", text }])).toEqual(NOTHING);
  for (const text of [...texts, "Version 3 of acme/hats, made at never.", "a - v0 b", `a - v${"9".repeat(9)}`])
    expect(readOrigin([{ name: "README.dataset.txt", text }])).toMatchObject({ createdAt: null, name: null });
  expect(["data.yaml", "x/data.yml", "README.roboflow.txt", "my-data.yaml", "readme.txt"].map(tellsOrigin)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
