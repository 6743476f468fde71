/**
 * An account of nats-server with a user for each client (docs.nats.io, "MQTT" and "Authorization"). What an MQTT client may do is said in NATS' subjects:
 * `/` is `.`, `+` is `*`, `#` is `>`. Passwords stand in a file beside it, as variables.
 */
import type { BrokerClient } from "./list.ts";
import type { Permissions } from "./permissions.ts";

/** The server delivers QoS 1 on subjects of its own, and subscribes to them with the client's permissions. A client itself is refused there. */
const deliveries = "$MQTT.sub.>";

/**
 * What nats-server cannot have: 2.9 closes the connection of a client that says a topic with a "." in it, and later ones write it otherwise
 * (docs.nats.io, "Topics and subjects").
 */
export function natsFaults(clients: readonly BrokerClient[]): readonly string[] {
  return clients.flatMap((client) =>
    client.kind === "relay" && client.instance.includes(".")
      ? [
          `relay ${client.instance}: with NATS an instance has no "." in it, take for example "${client.instance.replaceAll(".", "-")}"`,
        ]
      : [],
  );
}

/**
 * @param made said at the top, after `#`
 * @param passwordFile as seen from the folder of this one. It is included here: variables of the file that includes this one are not known in it.
 */
export function natsAccount(users: readonly Permissions[], made: string, passwordFile: string): string {
  return `# ${made}
include ${JSON.stringify(passwordFile)}
accounts {
  KVITT {
    jetstream: enabled
    users: [
${users.map(block).join("\n")}
    ]
  }
}
`;
}

function block({ user, title, reads, writes }: Permissions): string {
  return `      # ${title}
      {
        user: "${user}"
        password: $${natsVariable(user)}
        allowed_connection_types: ["MQTT"]
        permissions: {
          publish: { allow: [${list(writes.flatMap(subjects))}] }
          subscribe: { allow: [${list([...reads.flatMap(subjects), deliveries])}] }
        }
      }`;
}

function list(all: readonly string[]): string {
  return `${all.map((subject) => `\n            "${subject}"`).join("")}\n          `;
}

/** `a/#` is also `a` (MQTT 3.1.1, 4.7.1.2), which nats-server asks for beside it. */
function subjects(filter: string): readonly string[] {
  const subject = filter.replaceAll("/", ".").replaceAll("+", "*").replace(/#$/, ">");
  return subject.endsWith(".>") ? [subject, subject.slice(0, -2)] : [subject];
}

/** The variable that holds a user's password; two users never have one. */
export function natsVariable(user: string): string {
  return `KVITT_${user.replaceAll(/[^A-Za-z0-9]/g, (letter) => `_${letter.charCodeAt(0)}_`)}`;
}

/** The file of passwords, which the account's file includes. */
export function natsPasswords(passwords: ReadonlyMap<string, string>): string {
  return [...passwords].map(([user, password]) => `${natsVariable(user)}: ${JSON.stringify(password)}\n`).join("");
}
