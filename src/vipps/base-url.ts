/** The provider's address: checked once, before any key is sent to it. */

const localHosts = ["localhost", "127.0.0.1", "[::1]"];

export function isLocalHost(url: URL): boolean {
  return localHosts.includes(url.hostname);
}

/** @throws RangeError when the address cannot be right. */
export function checkBaseUrl(text: string): URL {
  if (!URL.canParse(text))
    throw new RangeError(`base_url "${text}" is not a URL; write base_url = "https://apitest.vipps.no"`);
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw new RangeError(
      "base_url has a user name or a password in it; keys stand in the credentials, never in an address",
    );
  if (url.search !== "" || url.hash !== "")
    throw new RangeError(`base_url "${text}" has a ? or a # in it; write base_url = "${url.origin}"`);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocalHost(url)))
    throw new RangeError(`base_url "${text}" must be https; plain http is only for a simulator on this machine`);
  return url;
}
