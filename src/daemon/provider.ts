/** The provider as the configuration means it. Part of the composition root. */
import { readVippsKeys } from "../config/credentials.ts";
import { providerUrl } from "../config/relay.ts";
import type { Config } from "../config/schema.ts";
import type { PanelFacts } from "../panel/port.ts";
import type { Clock, Entropy, Log } from "../service/port.ts";
import { createVippsClient } from "../vipps/client.ts";
import { credentials } from "../vipps/credentials.ts";
import { createFetchTransport } from "../vipps/fetch-transport.ts";
import { createMerchantQrs, createPayments, createShopQrs, type PresentationSettings } from "../vipps/payments.ts";
import type { MerchantQrs, Payments, ShopQrs } from "../vipps/port.ts";

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
}

function legalLinksOf({ terms_of_sale_url: termsOfSaleUrl, privacy_policy_url: privacyPolicyUrl }: Config["vipps"]) {
  if (termsOfSaleUrl === undefined || privacyPolicyUrl === undefined) return undefined;
  return { termsOfSaleUrl, privacyPolicyUrl };
}

/** @throws CredentialsError naming what is missing */
export async function openProvider(config: Config, panel: PanelFacts, parts: ProviderParts): Promise<ProviderPorts> {
  const { vipps, shop } = config;
  const { env, version, clock, entropy, log } = parts;
  const keys = await readVippsKeys(vipps, env);
  const client = createVippsClient({
    baseUrl: providerUrl(vipps),
    msn: vipps.msn,
    credentials: credentials(keys.clientId, keys.clientSecret, keys.subscriptionKey),
    system: { name: "kvitt", version, pluginName: `kvitt-${config.machine.kind}`, pluginVersion: version },
    transport: createFetchTransport(parts.observeServerDate),
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
  return {
    payments: createPayments(client, presentation),
    merchantQrs: createMerchantQrs(client, presentation),
    shopQrs: shop === undefined ? undefined : createShopQrs(client, shop.redirect_qr_id, presentation),
  };
}
