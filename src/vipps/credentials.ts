/** The keys of one sales unit. */
import { Secret } from "./secret.ts";

export interface Credentials {
  readonly clientId: Secret;
  readonly clientSecret: Secret;
  /** `Ocp-Apim-Subscription-Key`; primary and secondary are interchangeable. */
  readonly subscriptionKey: Secret;
}

export function credentials(clientId: string, clientSecret: string, subscriptionKey: string): Credentials {
  return {
    clientId: new Secret(clientId),
    clientSecret: new Secret(clientSecret),
    subscriptionKey: new Secret(subscriptionKey),
  };
}
