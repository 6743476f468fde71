/** Goal: a picture comes from where the provider says, without a key, and nothing else is taken for one. Method: links on a written transport. */
import { describe, expect, it } from "vitest";
import { VippsError } from "../../../src/vipps/errors.ts";
import { type Answer, ended, nothing, text, through, world } from "./support.ts";

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 9);
const image = { status: 200, headers: {}, body: png };
const link = "https://qr.vipps.no/generate/qr.png?token=x";
const to = (location: string) => ({ ...nothing(302), headers: { location } });

async function fetched(answer: Answer, url = link, baseUrl = "https://apitest.vipps.no") {
  const { client, clock, sent, tokens } = world(answer, { baseUrl });
  const end = await ended(through(clock, client.fetchImage(url)));
  expect(tokens).toEqual([]);
  expect(sent.every(({ headers }) => headers["authorization"] === undefined)).toBe(true);
  return { end, paths: sent.map(({ path }) => path) };
}

describe("a picture", () => {
  it("follows redirects over https, since no key goes along", async () => {
    const { end, paths } = await fetched(({ path }) =>
      path.includes("cdn") ? image : to("https://cdn.example/a.png"),
    );
    expect(end).toEqual({ value: png });
    expect(paths).toEqual([link, "https://cdn.example/a.png"]);
  });

  it("is tried again when it breaks", async () => {
    const { end, paths } = await fetched((_request, number) => (number === 1 ? nothing(503) : image));
    expect(end).toEqual({ value: png });
    expect(paths).toHaveLength(2);
  });

  it.each<readonly [string, Answer, string]>([
    ["a redirect to plain http", () => to("http://elsewhere.example/"), "not an https address"],
    ["a redirect to itself", () => to(link), "redirects"],
    ["a redirect to nowhere", () => nothing(302), "fetch QR image: HTTP 302"],
    ["HTML", () => text(200, "<html>"), "not a PNG"],
    [
      "a picture too large",
      () => ({ ...image, body: new Uint8Array([...png, ...new Uint8Array(2 ** 21)]) }),
      "not a PNG",
    ],
    ["404, after its token died", () => nothing(404), "HTTP 404"],
  ])("is not %s", async (_name, answer, words) => {
    const { end } = await fetched(answer);
    if (!("error" in end) || !(end.error instanceof VippsError)) throw new Error("it was taken");
    expect(end.error.message).toContain(words);
    expect(end.error.facts.stage).toBe("image");
  });

  it.each([
    ["http://qr.vipps.no/x", "https://apitest.vipps.no", false],
    ["http://127.0.0.1:80/x", "https://apitest.vipps.no", false],
    ["file:///etc/passwd", "https://apitest.vipps.no", false],
    ["not a link", "https://apitest.vipps.no", false],
    ["http://127.0.0.1:8090/x", "http://127.0.0.1:8090", true],
    ["http://elsewhere.example/x", "http://127.0.0.1:8090", false],
  ])("%s with a provider at %s: %s", async (url, baseUrl, isFetched) => {
    const { paths } = await fetched(() => image, url, baseUrl);
    expect(paths.length > 0).toBe(isFetched);
  });
});

describe("the provider's address", () => {
  const make = (baseUrl: string) => () => world(() => image, { baseUrl });
  it.each([
    "apitest.vipps.no",
    "http://api.vipps.no",
    "ftp://api.vipps.no",
    "https://user:hush@api.vipps.no",
    "https://api.vipps.no/?a=1",
    "https://api.vipps.no/#x",
    "http://localhost.evil.example",
  ])("%s is refused, and a password is not repeated", (baseUrl) => {
    expect(make(baseUrl)).toThrow("base_url");
    expect(make(baseUrl)).not.toThrow("hush");
  });

  it.each([
    "https://api.vipps.no",
    "https://api.vipps.no/",
    "http://127.0.0.1:8090",
    "http://localhost:8090",
    "http://[::1]:8090",
  ])("%s is taken", (baseUrl) => {
    expect(make(baseUrl)).not.toThrow();
  });
});
