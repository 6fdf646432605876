import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { ERROR_CODES } from "@/lib/domain/errors";
import en from "@/messages/en.json";
import ja from "@/messages/ja.json";

interface Tree {
  [key: string]: string | Tree;
}

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]): [string, string][] =>
      typeof value === "string" ? [[`${prefix}${key}`, value]] : [...flatten(value, `${prefix}${key}.`)],
    ),
  );
}

const [english, japanese] = [flatten(en), flatten(ja)];

/** The arguments and rich-text tags of an ICU message. Braces alternate: an argument's, its branches', arguments in those. */
function argumentsOf(message: string): string[] {
  const found = new Set([...message.matchAll(/<\/?(\w+)>/g)].map(([, tag]) => `<${tag}>`));
  let depth = 0;
  for (const [brace, name] of message.matchAll(/[{}]\s*(\w*)/g)) {
    depth += brace.startsWith("{") ? 1 : -1;
    if (brace.startsWith("{") && depth % 2 === 1) found.add(name!);
  }
  return [...found].sort();
}

test("both languages have the same messages", () => {
  expect([...japanese.keys()].sort()).toEqual([...english.keys()].sort());
});

test("no message is empty, and none ends or begins with a space", () => {
  for (const [key, message] of [...english, ...japanese])
    expect(message.trim(), key).toBe(message === "" ? "something" : message);
});

test("each message has the same arguments in both languages", () => {
  for (const [key, message] of english) expect(argumentsOf(japanese.get(key) ?? ""), key).toEqual(argumentsOf(message));
});

test("Japanese is Japanese, without spaces between its words", () => {
  for (const [key, message] of japanese)
    expect(message, key).not.toMatch(/[\u3040-\u30ff\u4e00-\u9fff、。] +[\u3040-\u30ff\u4e00-\u9fff]/);
});

test("every refusal has a sentence in both languages", () => {
  for (const code of ERROR_CODES) expect(english.has(`errors.${code}.default`), code).toBe(true);
});

const root = path.resolve(import.meta.dirname, "../..");
const SPOKEN = new Set([
  "alt",
  "title",
  "label",
  "placeholder",
  "description",
  "aria-label",
  "aria-description",
  "aria-roledescription",
  "aria-valuetext",
]);
const isText = (text: string): boolean => /\p{L}/u.test(text);

/** Texts in a file's markup that no translator would find. */
function literalsIn(fileName: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && isText(node.text)) found.push(node.text.trim());
    if (
      ts.isJsxExpression(node) &&
      node.expression &&
      ts.isStringLiteralLike(node.expression) &&
      !ts.isJsxAttribute(node.parent) &&
      isText(node.expression.text)
    )
      found.push(node.expression.text);
    if (
      ts.isJsxAttribute(node) &&
      SPOKEN.has(node.name.getText()) &&
      node.initializer &&
      ts.isStringLiteral(node.initializer) &&
      isText(node.initializer.text)
    )
      found.push(node.initializer.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found;
}

const pages = readdirSync(path.join(root, "app"), { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".tsx"),
);

test.each(pages)("app/%s says nothing that is not a message", (file) => {
  expect(literalsIn(file, readFileSync(path.join(root, "app", file), "utf8"))).toEqual([]);
});

test("the arguments of a message are found in its branches too", () => {
  expect(
    argumentsOf("{n, plural, one {# of {name}} other {<b>all</b>}} {role, select, OWNER {Owner} other {Editor}}"),
  ).toEqual(["<b>", "n", "name", "role"]);
});

test("literal text in markup would be found", () => {
  expect(
    literalsIn("x.tsx", `<p title="Hint" className="a">Text {"more"} {t("x")} · <b aria-label={t("y")}>3</b></p>`),
  ).toEqual(["Hint", "Text", "more"]);
});
