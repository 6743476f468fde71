/** The provider as the configuration means it. Part of the composition root. */
import { identityCredential, readGatewayIdentity, readVippsKeys } from "../config/credentials.ts";
import { providerUrl } from "../config/relay.ts";
import type { Config } from "../config/schema.ts";
import type { PanelFacts } from "../panel/port.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { createVippsClient } from "../vipps/client.ts";
import { credentials } from "../vipps/credentials.ts";
import { createHttpTransport } from "../vipps/http-transport.ts";
import { createGatewayTransport } from "../vipps/gateway-transport.ts";
import { privateKeyOf } from "../vipps/identity.ts";
import type { HttpTransport } from "../vipps/transport.ts";
import { createMerchantQrs, createPayments, createShopQrs, type PresentationSettings } from "../vipps/payments.ts";
import type { CallOptions, MerchantQrs, Payments, ShopQrs } from "../vipps/port.ts";

export interface ProviderParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Told of each `Date` that the provider sends. */
  readonly observeServerDate: (wallMs: number) => void;
}

/** What the kiosk asks of the provider. */
export interface ProviderPorts {
  readonly payments: Payments;
  readonly merchantQrs: MerchantQrs;
  /** Undefined where the operator has no web shop. */
  readonly shopQrs: ShopQrs | undefined;
  /** Breaks off what is still asked: what becomes of it is asked again after the next start. Idempotent. */
  close(): void;
}

function legalLinksOf({ terms_of_sale_url: termsOfSaleUrl, privacy_policy_url: privacyPolicyUrl }: Config["vipps"]) {
  if (termsOfSaleUrl === undefined || privacyPolicyUrl === undefined) return undefined;
  return { termsOfSaleUrl, privacyPolicyUrl };
}

/** @throws CredentialsError naming what is missing */
export async function openProvider(
  config: Config,
  panel: Pick<PanelFacts, "providerQrSizePx">,
  parts: ProviderParts,
): Promise<ProviderPorts> {
  const { vipps, shop } = config;
  const { env, version, clock, entropy, log } = parts;
  const { transport, ...access } = await accessOf(config, env, createHttpTransport(parts.observeServerDate));
  const closing = new AbortController();
  const client = createVippsClient({
    ...access,
    msn: vipps.msn,
    system: { name: "kvitt", version, pluginName: `kvitt-${config.machine.kind}`, pluginVersion: version },
    // The fetch of an access token belongs to no single call: it is broken off here.
    transport: (request) => transport({ ...request, signal: AbortSignal.any([request.signal, closing.signal]) }),
    clock,
    entropy,
    log,
  });
  const presentation: PresentationSettings = {
    oneTimeRoute: vipps.one_time_route,
    qrRendering: config.panel.qr_rendering,
    qrSizePx: panel.providerQrSizePx,
    returnUrl: vipps.return_url,
    legalLinks: legalLinksOf(vipps),
  };
  const until = untilClosed(closing.signal);
  const payments = createPayments(client, presentation);
  const merchantQrs = createMerchantQrs(client, presentation);
  const shopQrs = shop === undefined ? undefined : createShopQrs(client, shop.redirect_qr_id, presentation);
  return {
    payments: {
      create: (request, key, options) => payments.create(request, key, until(options)),
      get: (reference, options) => payments.get(reference, until(options)),
      capture: (reference, amount, key, options) => payments.capture(reference, amount, key, until(options)),
      cancel: (reference, only, key, options) => payments.cancel(reference, only, key, until(options)),
      refund: (reference, amount, key, options) => payments.refund(reference, amount, key, until(options)),
    },
    merchantQrs: {
      register: (id, location, options) => merchantQrs.register(id, location, until(options)),
      check: (id, options) => merchantQrs.check(id, until(options)),
    },
    shopQrs: shopQrs === undefined ? undefined : { get: (options) => shopQrs.get(until(options)) },
    close: () => closing.abort(new Error("the daemon stops")),
  };
}

/**
 * Where requests go, and as whom. Behind a gateway the machine has an identity of its own; pictures still come from the provider's own host, without
 * keys, and every `Date` over TLS, the gateway's too, is told to the clock guard.
 */
async function accessOf({ vipps, machine }: Config, env: ProviderParts["env"], transport: HttpTransport) {
  const [first, ...others] = vipps.gateway_urls ?? [];
  if (vipps.access === "direct" || first === undefined) {
    const keys = await readVippsKeys(vipps, env);
    const known = credentials(keys.clientId, keys.clientSecret, keys.subscriptionKey);
    return { baseUrl: providerUrl(vipps), credentials: known, transport };
  }
  const pem = await readGatewayIdentity(vipps.credentials_dir, env);
  const identity = { machine: machine.id, privateKey: privateKeyOf(pem, `the credential ${identityCredential}`) };
  return { baseUrl: first, credentials: identity, transport: createGatewayTransport([first, ...others], transport) };
}

function untilClosed(closed: AbortSignal): (options?: CallOptions) => CallOptions {
  return (options = {}) => {
    const { signal } = options;
    return { ...options, signal: signal === undefined ? closed : AbortSignal.any([signal, closed]) };
  };
}
