import { describe, expect, test } from "vitest";
import { decodeName, guessEncoding, type LegacyName, type NameEncoding } from "./zip-names";

/** 0x80 to 0xFF of code page 437. */
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";
const asCp437 = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80]!)).join("");

/** Every character of an encoding of two bytes, with its bytes. */
const tables = new Map<string, Map<string, number[]>>();
function tableOf(encoding: Exclude<NameEncoding, "cp437">): Map<string, number[]> {
  const made = tables.get(encoding) ?? new Map<string, number[]>();
  if (made.size === 0) {
    tables.set(encoding, made);
    const decoder = new TextDecoder(encoding, { fatal: true });
    const learn = (...bytes: number[]) => {
      try {
        const text = decoder.decode(new Uint8Array(bytes));
        if ([...text].length === 1 && !made.has(text)) made.set(text, bytes);
      } catch {
        // no character
      }
    };
    for (let first = 0; first < 256; first++) learn(first);
    for (let first = 0x81; first < 0xff; first++) for (let second = 0x40; second < 0xff; second++) learn(first, second);
  }
  return made;
}

function legacy(text: string, encoding: NameEncoding): LegacyName {
  const bytes = new Uint8Array(
    [...text].flatMap((character) =>
      encoding !== "cp437"
        ? tableOf(encoding).get(character)!
        : character < "\u0080"
          ? [character.charCodeAt(0)]
          : [0x80 + CP437.indexOf(character)],
    ),
  );
  return { bytes, cp437: asCp437(bytes) };
}

describe("names of a zip from a Windows of its language", () => {
  test.each<[NameEncoding, string[]]>([
    ["shift_jis", ["犬/1.png"]],
    ["shift_jis", ["猫/1.png", "犬/a.png"]],
    ["shift_jis", ["データ/学習/道路標識_001.jpg", "データ/学習/信号機(青).jpg"]],
    ["shift_jis", ["ｶﾀｶﾅ/犬.png", "新しいフォルダー/ソ表.png"]],
    ["euc-kr", ["표지판/신호등.png", "고양이/1.png", "강아지/2.png"]],
    ["gb18030", ["交通标志/红绿灯.png", "猫/1.png", "小狗/2.png"]],
    ["cp437", ["café/1.png", "señor.png"]],
    ["cp437", ["schön/Größe.png", "Müller/Straße.png"]],
    ["cp437", ["naïve.png", "à la carte.png"]],
  ])("are read in %s: %j", (encoding, names) => {
    const bytes = names.map((name) => legacy(name, encoding));
    expect(guessEncoding(bytes)).toBe(encoding);
    expect(bytes.map((name) => decodeName(name, encoding))).toEqual(names);
  });

  test("are read as the ZIP specification says when they fit nowhere else", () => {
    const broken = new Uint8Array([0xff, 0x2e, 0x81]);
    expect(guessEncoding([{ bytes: broken, cp437: asCp437(broken) }])).toBe("cp437");
    expect(decodeName({ bytes: broken, cp437: "?" }, "shift_jis")).toContain("\uFFFD");
  });
});
