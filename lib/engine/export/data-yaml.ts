/**
 * data.yaml, of plain ASCII: the official client opens it in whatever encoding its machine has, reads it with PyYAML as
 * YAML 1.1 and writes it anew. So every class name is a quoted scalar, in which nothing is what it looks like (no, 1_000,
 * 0x1F, =, 1:30 stay text), and what is beyond ASCII is written as an escape that PyYAML knows. The paths are the hosted
 * service's, which the client puts its folder before.
 */
export function writeDataYaml(classes: readonly string[], paths: { train: string; val: string; test: string }): string {
  return [
    `train: ${paths.train}`,
    `val: ${paths.val}`,
    `test: ${paths.test}`,
    `nc: ${classes.length}`,
    classes.length === 0 ? "names: []" : "names:",
    ...classes.map((name) => `  - ${quoted(name)}`),
    "",
  ].join("\n");
}

/** A double-quoted scalar. By code points, not as JSON has it: PyYAML takes the two halves of a surrogate pair for two characters. */
function quoted(text: string): string {
  const characters = Array.from(text, (character) => {
    const point = character.codePointAt(0)!;
    if (character === '"' || character === "\\") return `\\${character}`;
    if (point >= 0x20 && point < 0x7f) return character;
    const hex = (length: number) => point.toString(16).toUpperCase().padStart(length, "0");
    return point > 0xffff ? `\\U${hex(8)}` : `\\u${hex(4)}`;
  });
  return `"${characters.join("")}"`;
}
