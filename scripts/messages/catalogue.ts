/** Every message on the broker: its topic, its schema, who publishes it and how. The topics and schemas are those that the code writes and reads with. */
import type * as z from "zod";
import { commandSchema, orderSchema } from "../../src/link/command-message.ts";
import {
  answeredSchema,
  checkedInSchema,
  cloudEventContentType,
  jsonContentType,
  paymentSchema,
  relayHealthSchema,
  relayProcessSchema,
  stateSchema,
} from "../../src/link/messages.ts";
import { replySchema } from "../../src/link/reply-message.ts";
import { healthSchema, saleSchema } from "../../src/link/report-messages.ts";
import {
  answeredTopic,
  gatewayTopic,
  type MachineLeaf,
  machineTopic,
  relayProcessTopic,
  relayTopic,
} from "../../src/link/topics.ts";
import { operatorWordShape } from "../../src/relay/gateway/operator-word.ts";
import { merchantQrId } from "../../src/sale/ids.ts";

export interface MessageEntry {
  /** Of its file in docs/schemas, and of its channel. */
  readonly name: string;
  /** With `{msn}`, `{merchantQrId}` and `{instance}` where those stand. */
  readonly address: string;
  readonly schema: z.ZodType;
  readonly from: "machine" | "relay" | "back office" | "operator";
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly contentType: string;
  /** The message that answers this one. */
  readonly answer?: string;
}

const sample = { msn: "123456", merchantQrId: merchantQrId("a-machine"), instance: "a-relay" } as const;

/** A topic of the sample with the names of its parts in their places. */
function addressOf(topic: string): string {
  return topic
    .split(sample.msn)
    .join("{msn}")
    .split(sample.merchantQrId)
    .join("{merchantQrId}")
    .split(sample.instance)
    .join("{instance}");
}

type Way = Omit<MessageEntry, "address" | "contentType"> & { readonly contentType?: string };

/** A new topic of a machine has to have a message here. */
const ofMachines: Readonly<Record<MachineLeaf, Way>> = {
  "event/checked-in": {
    name: "checked-in",
    schema: checkedInSchema,
    from: "relay",
    qos: 1,
    retain: false,
    contentType: cloudEventContentType,
  },
  "event/payment": {
    name: "payment",
    schema: paymentSchema,
    from: "relay",
    qos: 1,
    retain: false,
    contentType: cloudEventContentType,
  },
  state: { name: "state", schema: stateSchema, from: "machine", qos: 1, retain: true },
  sale: { name: "sale", schema: saleSchema, from: "machine", qos: 1, retain: false },
  health: { name: "health", schema: healthSchema, from: "machine", qos: 0, retain: true },
  command: {
    name: "command",
    schema: commandSchema.extend({ order: orderSchema }).describe("A signed order to one machine."),
    from: "back office",
    qos: 1,
    retain: false,
    answer: "reply",
  },
  "command/reply": { name: "reply", schema: replySchema, from: "machine", qos: 1, retain: false },
};

const { msn, instance } = sample;
const others: readonly (Way & { readonly topic: string })[] = [
  { name: "relay", topic: relayTopic(msn, instance), schema: relayHealthSchema, from: "relay", qos: 1, retain: true },
  {
    name: "answered",
    topic: answeredTopic(msn, instance),
    schema: answeredSchema,
    from: "relay",
    qos: 1,
    retain: false,
  },
  {
    name: "relay-process",
    topic: relayProcessTopic(instance),
    schema: relayProcessSchema,
    from: "relay",
    qos: 1,
    retain: true,
  },
  {
    name: "gateway-identity",
    topic: gatewayTopic(msn, sample.merchantQrId),
    schema: operatorWordShape,
    from: "operator",
    qos: 1,
    retain: true,
  },
];

const leaves = Object.keys(ofMachines).filter((leaf): leaf is MachineLeaf => leaf in ofMachines);

export const messageCatalogue: readonly MessageEntry[] = [
  ...leaves.map((leaf) => ({ ...ofMachines[leaf], topic: machineTopic(sample, leaf) })),
  ...others,
].map(({ topic, ...way }) => ({ contentType: jsonContentType, ...way, address: addressOf(topic) }));
