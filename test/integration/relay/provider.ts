/** The provider's token and webhook operations on loopback, as documented; it keeps what was registered, for each sales unit. */
import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as z from "zod";

interface Registered {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly secret: string;
  /** `Merchant-Serial-Number` of whoever registered it. */
  readonly msn: string;
}

export async function startProvider() {
  const registered: Registered[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
    const line = `${request.method} ${request.url}`;
    const msn = String(request.headers["merchant-serial-number"]);
    requests.push(line);
    const say = (status: number, json?: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(json === undefined ? undefined : JSON.stringify(json));
    };
    if (line === "POST /accesstoken/get")
      return say(200, { token_type: "Bearer", expires_in: "3600", access_token: "t".repeat(1000) });
    if (request.headers.authorization !== `Bearer ${"t".repeat(1000)}`) return say(401, { title: "Unauthorized" });
    if (line === "GET /webhooks/v1/webhooks")
      return say(200, {
        webhooks: registered.filter((one) => one.msn === msn).map(({ id, url, events }) => ({ id, url, events })),
      });
    if (line === "POST /webhooks/v1/webhooks") {
      const body = z.object({ url: z.string(), events: z.array(z.string()) });
      const wanted = body.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      if (
        registered.some(
          (one) =>
            one.msn === msn &&
            wanted.events.includes("user.checked-in.v1") &&
            one.events.includes("user.checked-in.v1"),
        )
      )
        return say(400, { title: "Bad Request", status: 400, detail: "only one", extraDetails: [] });
      const made = { id: randomUUID(), secret: randomBytes(64).toString("base64") };
      registered.push({ ...made, ...wanted, msn });
      return say(201, made);
    }
    const gone = registered.findIndex((one) => line === `DELETE /webhooks/v1/webhooks/${one.id}`);
    if (gone < 0) return say(404, { title: "Not Found" });
    registered.splice(gone, 1);
    return say(204);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    registered,
    requests,
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => void (server.closeAllConnections(), server.close(() => resolve()))),
  };
}
