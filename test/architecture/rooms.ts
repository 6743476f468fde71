/** Who may import whom. Each rule is one sentence of the design; dependency-cruiser reads them. */
import type { IForbiddenRuleType } from "dependency-cruiser";

const rooms = "vipps|link|panel|machine|journal";
/** Files of `sale/` whose values other rooms may use: amounts, names, how long a token lives, and the arithmetic of a payment. */
const saleValues = "^src/sale/(money|ids|customer-token|payment|catalogue|tariff)\\.ts$";

export const rules: IForbiddenRuleType[] = [
  { severity: "error", name: "kit-imports-nothing", from: { path: "^src/kit/" }, to: { pathNot: "^src/kit/" } },
  {
    severity: "error",
    name: "sale-imports-kit-alone",
    from: { path: "^src/sale/" },
    to: { pathNot: "^src/(sale|kit)/" },
  },
  {
    severity: "error",
    name: "kiosk-knows-sale-and-ports",
    from: { path: "^src/kiosk/" },
    to: { path: "^src/", pathNot: "^src/(kiosk|sale|kit)/|/port\\.ts$" },
  },
  {
    severity: "error",
    name: "station-composes-kiosks",
    from: { path: "^src/station/" },
    to: { path: "^src/", pathNot: "^src/(station|kiosk|sale|kit)/|/port\\.ts$" },
  },
  {
    severity: "error",
    name: "kiosks-do-not-know-that-there-are-others",
    from: { path: "^src/(kiosk|sale|link|panel|machine|journal|vipps)/" },
    to: { path: "^src/station/" },
  },
  {
    severity: "error",
    name: "rooms-are-strangers",
    from: { path: `^src/(${rooms})/` },
    to: { path: "^src/", pathNot: "^src/($1|sale|kit)/|/port\\.ts$" },
  },
  {
    severity: "error",
    name: "rooms-take-only-types-from-outside",
    from: { path: `^src/(${rooms})/` },
    to: { path: "^src/", pathNot: `^src/($1|kit)/|${saleValues}`, dependencyTypesNot: ["type-only"] },
  },
  {
    severity: "error",
    name: "drivers-know-their-port-by-type",
    from: { path: "^src/(panel|machine)/" },
    to: { path: "/port\\.ts$", dependencyTypesNot: ["type-only"] },
  },
  {
    severity: "error",
    name: "a-port-is-only-types",
    from: { path: "/port\\.ts$" },
    to: { dependencyTypesNot: ["type-only"] },
  },
  {
    severity: "error",
    name: "relay-ships-alone",
    from: { path: "^src/relay/" },
    to: {
      path: "^src/(panel|machine|kiosk|journal)/(?!port\\.ts)|^node_modules/(@napi-rs|onoff|node-hid|koffi)",
      reachable: true,
    },
  },
  {
    severity: "error",
    name: "updates-know-the-service-alone",
    from: { path: "^src/update/" },
    to: { path: "^src/", pathNot: "^src/(update|kit|service)/" },
  },
  {
    severity: "error",
    name: "the-gateway-is-a-room-of-its-own",
    from: { path: "^src/", pathNot: "^src/(relay/gateway/|relay/main\\.ts|cli/)" },
    to: { path: "^src/relay/gateway/(?!port\\.ts)" },
  },
  {
    severity: "error",
    name: "only-the-composition-knows-all",
    from: { path: "^src/", pathNot: "^src/(daemon/|cli/|simulator/|demo/|relay/main\\.ts)" },
    to: { path: "^src/(daemon/|cli/|simulator/|demo/|relay/main\\.ts)" },
  },
  {
    severity: "error",
    name: "nothing-real-runs-through-the-simulation",
    from: { path: "^src/", pathNot: "^src/(simulator|demo|cli)/" },
    to: { path: "^src/(simulator|demo)/", reachable: true },
  },
  { severity: "error", name: "no-cycles", from: {}, to: { circular: true } },
];
