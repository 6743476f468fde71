/** A process of its own for http-transport.test.ts: which authorities Node trusts is settled when it starts (NODE_EXTRA_CA_CERTS). */
import { createHttpTransport } from "../../../src/vipps/http-transport.ts";

const heard: number[] = [];
const call = {
  method: "GET",
  url: process.argv[2] ?? "",
  headers: {},
  body: undefined,
  signal: AbortSignal.timeout(120_000),
} as const;
try {
  const { status } = await createHttpTransport((wallMs) => heard.push(wallMs))(call);
  console.log(JSON.stringify({ status, heard }));
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  console.log(JSON.stringify({ cause, heard }));
}
