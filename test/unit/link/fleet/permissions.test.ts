/** Goal: each user of a broker may do what its program does, and nothing else. Method: tables over the list, the permissions and both brokers' syntax. */
import { describe, expect, it } from "vitest";
import { clashesOf, readBrokerList } from "../../../../src/link/fleet/list.ts";
import { mosquittoAcl } from "../../../../src/link/fleet/mosquitto.ts";
import { mosquittoPasswords } from "../../../../src/link/fleet/mosquitto-passwords.ts";
import { natsAccount, natsFaults, natsPasswords, natsVariable } from "../../../../src/link/fleet/nats.ts";
import { permissionsOf } from "../../../../src/link/fleet/permissions.ts";
import {
  answeredFilter,
  answeredTopic,
  eventFilter,
  gatewayFilter,
  gatewayTopic,
  machineTopic,
  relayFilter,
  relayProcessTopic,
  relayTopic,
  stateFilter,
} from "../../../../src/link/topics.ts";
import { merchantQrId } from "../../../../src/sale/ids.ts";

const list = `# the fleet
machine vend-1 123456
machine vend-2 123456   # beside the lift
machine vend-1 222222 as dk-vend-1
relay relay-1
relay relay-2 123456
desk office 123456
operator boss 123456 222222
`;

const read = (text: string) => readBrokerList(text, "list");
const usersOf = (text: string) => new Map(permissionsOf(read(text).clients).map((user) => [user.user, user]));

/** Whether a filter covers a topic, or another filter (MQTT 3.1.1, 4.7.1). */
function covers(filter: string, topic: string): boolean {
  const [left, right] = [filter.split("/"), topic.split("/")];
  const end = left.indexOf("#");
  if (end >= 0)
    return (
      right.length >= end &&
      left.slice(0, end).every((part, index) => part === right[index] || (part === "+" && right[index] !== "#"))
    );
  return (
    left.length === right.length &&
    left.every((part, index) => part === right[index] || (part === "+" && right[index] !== "#"))
  );
}

const address = { msn: "123456", merchantQrId: merchantQrId("vend-1") };
const other = { msn: "123456", merchantQrId: merchantQrId("vend-2") };
const foreign = { msn: "222222", merchantQrId: merchantQrId("vend-1") };

describe("who may do what at the broker", () => {
  it.each([
    ["vend-1", "reads", eventFilter(address), true],
    ["vend-1", "reads", machineTopic(address, "command"), true],
    ["vend-1", "reads", machineTopic(address, "state"), true],
    ["vend-1", "reads", relayFilter("123456"), true],
    ["vend-1", "writes", machineTopic(address, "state"), true],
    ["vend-1", "writes", machineTopic(address, "sale"), true],
    ["vend-1", "writes", machineTopic(address, "health"), true],
    ["vend-1", "writes", machineTopic(address, "command/reply"), true],
    ["vend-1", "writes", machineTopic(address, "event/checked-in"), false],
    ["vend-1", "writes", machineTopic(address, "command"), false],
    ["vend-1", "writes", machineTopic(other, "state"), false],
    ["vend-1", "writes", machineTopic(foreign, "state"), false],
    ["vend-1", "writes", relayTopic("123456", "relay-1"), false],
    ["vend-1", "writes", gatewayTopic("123456", address.merchantQrId), false],
    ["vend-1", "reads", eventFilter(other), false],
    ["vend-1", "reads", machineTopic(foreign, "event/payment"), false],
    ["vend-1", "reads", stateFilter("123456"), false],
    ["vend-1", "reads", answeredFilter("123456"), false],
    ["dk-vend-1", "writes", machineTopic(foreign, "state"), true],
    ["dk-vend-1", "writes", machineTopic(address, "state"), false],
    ["relay-1", "reads", stateFilter("222222"), true],
    ["relay-1", "reads", relayFilter("123456"), true],
    ["relay-1", "reads", answeredFilter("123456"), true],
    ["relay-1", "reads", gatewayFilter, true],
    ["relay-1", "reads", machineTopic(address, "command"), false],
    ["relay-1", "reads", machineTopic(address, "sale"), false],
    ["relay-1", "writes", machineTopic(address, "event/checked-in"), true],
    ["relay-1", "writes", machineTopic(address, "event/payment"), true],
    ["relay-1", "writes", relayTopic("222222", "relay-1"), true],
    ["relay-1", "writes", answeredTopic("123456", "relay-1"), true],
    ["relay-1", "writes", relayProcessTopic("relay-1"), true],
    ["relay-1", "writes", relayTopic("123456", "relay-2"), false],
    ["relay-1", "writes", machineTopic(address, "command"), false],
    ["relay-1", "writes", machineTopic(address, "state"), false],
    ["relay-1", "writes", gatewayTopic("123456", address.merchantQrId), false],
    ["relay-2", "reads", stateFilter("222222"), false],
    ["relay-2", "writes", machineTopic(foreign, "event/payment"), false],
    ["office", "reads", machineTopic(address, "sale"), true],
    ["office", "reads", machineTopic(address, "command/reply"), true],
    ["office", "writes", machineTopic(address, "command"), true],
    ["office", "writes", machineTopic(foreign, "command"), false],
    ["office", "writes", machineTopic(address, "event/checked-in"), false],
    ["office", "reads", machineTopic(address, "event/checked-in"), false],
    ["boss", "writes", gatewayTopic("222222", address.merchantQrId), true],
    ["boss", "writes", relayTopic("123456", "relay-1"), true],
    ["boss", "writes", machineTopic(address, "command"), false],
  ] as const)("%s %s %s: %s", (user, what, topic, expected) => {
    const filters = usersOf(list).get(user)?.[what];
    expect(filters).toBeDefined();
    expect(filters?.some((filter) => covers(filter, topic))).toBe(expected);
  });

  it("only where Home Assistant is listed do machines of its sales unit announce themselves", () => {
    const topic = "homeassistant/device/123456/vend-1/config";
    expect(usersOf(list).get("vend-1")?.writes).not.toContain(topic);
    const users = usersOf(`${list}home-assistant house 123456\n`);
    expect(users.get("vend-1")?.writes).toContain(topic);
    expect(users.get("dk-vend-1")?.writes.some((filter) => filter.startsWith("homeassistant"))).toBe(false);
    expect(users.get("house")?.reads).toContain("homeassistant/#");
  });
});

describe("the list", () => {
  it.each([
    ["machine relay 123456", /where relays stand/],
    ["machine a--b 123456", /--/],
    ["machine vend-1", /one sales unit/],
    ["machine vend-1 12", /merchant serial number/],
    ["machine vend-1 123456 222222", /one sales unit/],
    ["machine vend-1 123456 as", /followed by/],
    ["machine vend-1 123456 as a/b", /cannot be a user/],
    ['machine vend-1 123456 as x"', /cannot be a user/],
    ["machine vend-1 123456 as x y", /not understood/],
    ["relay state", /cannot be a relay/],
    ["desk office", /needs its sales units/],
    ["thief vend-1 123456", /none of machine/],
  ])("%s is refused with its line", (line, fault) => {
    const { clients, faults } = read(`\n${line}\n`);
    expect(clients).toEqual([]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^list, line 2: /);
    expect(faults[0]).toMatch(fault);
  });

  it.each([
    ["machine vend-1 123456\nmachine vend-1 222222", /both be the user "vend-1"/],
    ["machine vend-1 123456\nmachine vend-1 123456", /there twice/],
    ["machine vend-1 123456\nrelay vend-1", /both be the user/],
    ["machine vend-1 123456\ndesk office 123456 as vend-1", /both be the user/],
  ])("nobody gets another's rights by its name: %s", (text, fault) => {
    expect(clashesOf(read(text).clients).join()).toMatch(fault);
  });

  it("has no clash in a fleet that is well named", () => expect(clashesOf(read(list).clients)).toEqual([]));
});

describe("Mosquitto's files", () => {
  it("has a block for each user", () => {
    expect(mosquittoAcl([...usersOf("machine vend-1 123456").values()], "made")).toBe(`# made

# machine vend-1
user vend-1
topic read kvitt/v1/123456/vend-1/event/#
topic read kvitt/v1/123456/vend-1/command
topic readwrite kvitt/v1/123456/vend-1/state
topic read kvitt/v1/123456/relay/+
topic write kvitt/v1/123456/vend-1/sale
topic write kvitt/v1/123456/vend-1/health
topic write kvitt/v1/123456/vend-1/command/reply
`);
  });

  it("an entry changes with its password alone, and who is gone is left out", () => {
    let salts = 0;
    const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill((salts += 1));
    const first = mosquittoPasswords(
      new Map([
        ["a", "one"],
        ["b", "two"],
        ["c", "three"],
      ]),
      "",
      random,
    );
    const second = mosquittoPasswords(
      new Map([
        ["a", "one"],
        ["b", "new"],
      ]),
      first,
      random,
    );
    const [a, b] = [first, second].map((text) => text.split("\n"));
    expect(b).toHaveLength(3);
    expect(b?.[0]).toBe(a?.[0]);
    expect(b?.[1]).not.toBe(a?.[1]);
    expect(first).not.toMatch(/one|two|three/);
  });
});

describe("NATS' files", () => {
  it("says topics as subjects, of MQTT alone, with what the server itself needs", () => {
    const text = natsAccount([...usersOf("machine vend-1 123456").values()], "made", "./passwords.conf");
    expect(text).toBe(`# made
include "./passwords.conf"
accounts {
  KVITT {
    jetstream: enabled
    users: [
      # machine vend-1
      {
        user: "vend-1"
        password: $KVITT_vend_45_1
        allowed_connection_types: ["MQTT"]
        permissions: {
          publish: { allow: [
            "kvitt.v1.123456.vend-1.state"
            "kvitt.v1.123456.vend-1.sale"
            "kvitt.v1.123456.vend-1.health"
            "kvitt.v1.123456.vend-1.command.reply"
          ] }
          subscribe: { allow: [
            "kvitt.v1.123456.vend-1.event.>"
            "kvitt.v1.123456.vend-1.event"
            "kvitt.v1.123456.vend-1.command"
            "kvitt.v1.123456.vend-1.state"
            "kvitt.v1.123456.relay.*"
            "$MQTT.sub.>"
          ] }
        }
      }
    ]
  }
}
`);
  });

  it("refuses a relay whose name would end its connection", () => {
    expect(natsFaults(read("relay relay.1 123456").clients).join()).toContain('"relay-1"');
    expect(natsFaults(read(list).clients)).toEqual([]);
  });

  it("no two users have one variable", () => {
    const names = ["a-b", "a.b", "a_b", "a_45_b", "ab", "a--b"];
    expect(new Set(names.map(natsVariable)).size).toBe(names.length);
  });

  it("passwords are texts, whatever is in them", () => {
    expect(natsPasswords(new Map([["a", '$x"']]))).toBe('KVITT_a: "$x\\""\n');
  });
});
