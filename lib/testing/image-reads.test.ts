import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/*
 * Source images in Trash are in no list, count or plan, and yet their bytes are kept, counted and recognised. So everything that
 * reads or changes rows of images says which it means: LIVE_IMAGE or EVERY_IMAGE in SQL, liveImage or everyImage for Prisma
 * (lib/domain/locks.ts), or it names the removal. What says neither is found here.
 */

const SQL = /\b(?:from|join|update|delete\s+from)\s+images\b/i;
const SAYS_IN_SQL = /\bLIVE_IMAGE\b|\bEVERY_IMAGE\b|\bremoval_id\b/;
const READS = /^(find\w*|count|aggregate|groupBy|update\w*|delete\w*)$/;
const SAYS_IN_PRISMA = /\bliveImage\b|\beveryImage\b|\bremovalId\b/;

/** What of a source reads or changes images and does not say which, each by the beginning of its text. */
function findUnsaid(name: string, text: string): string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const note = (node: ts.Node) => found.push(`${name}: ${node.getText(source).replace(/\s+/g, " ").slice(0, 100)}`);
  const visit = (node: ts.Node): void => {
    const isText =
      ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isStringLiteral(node);
    if (isText) {
      const sql = node.getText(source);
      // one that is put together says it once for each time that it names the table
      const times = sql.match(new RegExp(SQL, "gi"))?.length ?? 0;
      if (times > (sql.match(new RegExp(SAYS_IN_SQL, "g"))?.length ?? 0)) note(node);
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression: of, name: method } = node.expression;
      const ofImages = ts.isPropertyAccessExpression(of) && of.name.text === "image";
      if (ofImages && READS.test(method.text) && !SAYS_IN_PRISMA.test(enclosing(node).getText(source))) note(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The function that a call is made in: a condition may be put together before the call. */
function enclosing(node: ts.Node): ts.Node {
  let at = node;
  while (at.parent && !ts.isFunctionLike(at)) at = at.parent;
  return at;
}

test.each([
  "const S = `select id from images where project_id = $1`",
  'const S = "update images set split = $2 where id = $1"',
  "const S = `select 1 from projects p join images i on i.project_id = p.id where ${LIVE_VERSION}`",
  "const S = `select 1 from images where ${LIVE_IMAGE} union all select 1 from images`",
  "const read = () => prisma().image.findMany({ where: { projectId } })",
  "const read = (tx) => tx.image.count()",
])("%s is found", (text) => {
  expect(findUnsaid("x.ts", text)).toHaveLength(1);
});

test.each([
  "const S = `select id from images where project_id = $1 and ${LIVE_IMAGE}`",
  "const S = `select count(*) from images i where i.removal_id = $1`",
  "const S = `insert into images (id) values ($1)`",
  "const S = `select 1 from purged_images`",
  "const read = () => prisma().image.findMany({ where: { projectId, ...liveImage } })",
  "const add = (tx) => tx.image.createMany({ data })",
])("%s is not", (text) => {
  expect(findUnsaid("x.ts", text)).toEqual([]);
});

test("everything that reads or changes source images says whether it means those in Trash, too", () => {
  const root = path.resolve(import.meta.dirname, "../..");
  const sources = ["lib", "app", "pages", "scripts"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .map((file) => path.join(folder, file))
      .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !/\.(test|spec)\.tsx?$/.test(file))
      .filter((file) => !/^lib\/(testing|platform\/generated)\//.test(file)),
  );
  const texts = sources.map((file): [string, string] => [file, readFileSync(path.join(root, file), "utf8")]);
  const reading = texts.filter(([, text]) => SQL.test(text) || /\.image\b/.test(text));
  expect(reading.length).toBeGreaterThan(8);
  expect(reading.flatMap(([file, text]) => findUnsaid(file, text))).toEqual([]);
});
