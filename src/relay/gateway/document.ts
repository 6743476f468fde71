/** The table of docs/gateway.md, from the table in code. Pure. */
import { operations } from "./operations.ts";

const [begin, end] = ["<!-- what a machine may do: from src/relay/gateway/operations.ts -->", "<!-- end -->"];

function table(): string {
  const rows = operations.map(({ name, method, path, conditions }) => {
    const request = `\`${method} ${path.replace("*", path.includes("/payments/") ? "{reference}" : "{id}")}\``;
    return `| ${name} | ${request} | ${conditions.map(({ says }) => says).join("; ")} |`;
  });
  return [
    "| operation | request | condition |",
    "| --- | --- | --- |",
    ...rows,
    "| anything else: webhooks, lists, deleting, the access token, the test approval | any | never |",
  ].join("\n");
}

/** The page with the table as it is now. @throws RangeError when the page has no place for it */
export function withTable(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page has no "${begin}" … "${end}"`);
  return `${page.slice(0, from)}${begin}\n\n${table()}\n\n${page.slice(to)}`;
}
