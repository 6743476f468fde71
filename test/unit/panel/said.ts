/** What a display list says, compared with what was to be said. */
import type { SceneContent } from "../../../src/panel/scene/content.ts";
import type { DisplayList } from "../../../src/panel/scene/display-list.ts";

/** What can be read, each text without its line breaks and the hyphens of broken words. */
export function saidBy(list: DisplayList): readonly string[] {
  return list.items.flatMap((item) => (item.kind === "text" ? [plain(item.lines.join(""))] : []));
}

export function plain(text: string): string {
  return text.replaceAll(/[-\s\u00a0]/g, "");
}

/** What a customer needs of a scene and cannot read: title, price, date, product, what to do now, what becomes of the money. */
export function missingIn(list: DisplayList, content: SceneContent): readonly string[] {
  const said = saidBy(list);
  const hasTable = content.offers.length > 0 || content.board !== undefined;
  const needed = [
    ...(content.sign === undefined ? [] : [content.sign]),
    content.title,
    ...(content.big === undefined ? [] : [content.big]),
    ...content.lines.filter(({ role }) => !(hasTable && role === "how")).map(({ text }) => text),
  ];
  return needed.filter((text) => !said.includes(plain(text)));
}
