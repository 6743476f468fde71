/**
 * The provider's own OpenAPI documents as judges of requests and answers. Where a document is known to be wrong, the amendment stands here with its
 * reason, and nowhere else.
 */
import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { parse } from "yaml";
import * as z from "zod";

const folder = new URL("../../fixtures/vipps/", import.meta.url);

const parameter = z.looseObject({
  $ref: z.string().optional(),
  name: z.string().optional(),
  in: z.string().optional(),
  required: z.boolean().optional(),
});
const body = z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })).optional() });
const operation = z.looseObject({
  parameters: z.array(parameter).optional(),
  requestBody: body.optional(),
  responses: z.record(z.string(), z.looseObject({ $ref: z.string().optional(), content: body.shape.content })),
});
const pathItem = z.looseObject({
  parameters: z.array(parameter).optional(),
  get: operation.optional(),
  post: operation.optional(),
  put: operation.optional(),
  delete: operation.optional(),
});
const document = z.looseObject({
  paths: z.record(z.string(), pathItem),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
type Document = z.infer<typeof document>;

/** By the first part of the path that the API is served under. */
const files: Readonly<Record<string, string>> = {
  qr: "qr-api.yaml",
  epayment: "epayment.yaml",
  webhooks: "webhooks.yaml",
  accesstoken: "access-token.yaml",
};

function amended(name: string, doc: Document): Document {
  const { schemas } = doc.components;
  if (name === "epayment") {
    // `Customer` is a oneOf of three objects without `required`: every customer matches all three.
    schemas["Customer"] = {
      type: "object",
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: false,
      properties: {
        phoneNumber: { type: "string", pattern: "^\\d{9,15}$" },
        personalQr: { type: "string", minLength: 5, maxLength: 255 },
        customerToken: { type: "string" },
      },
    };
  }
  if (name === "qr") {
    // `category` stands in the reference page and not in the document.
    for (const one of ["MerchantCallbackPutRequest", "MerchantCallbackMobilePayPutRequest"]) {
      const schema = z.looseObject({ properties: z.record(z.string(), z.unknown()) }).parse(schemas[one]);
      schema.properties["category"] = { type: "string", enum: ["IN_STORE", "VENDING"] };
      schemas[one] = schema;
    }
  }
  return doc;
}

interface Api {
  readonly name: string;
  readonly doc: Document;
  readonly ajv: Ajv;
}

const apis = new Map<string, Api>();

function apiOf(name: string): Api {
  const known = apis.get(name);
  if (known !== undefined) return known;
  const file = files[name];
  if (file === undefined) throw new Error(`no document for ${name}`);
  const raw: unknown = parse(readFileSync(new URL(file, folder), "utf8"));
  const doc = amended(name, document.parse(raw));
  // OpenAPI's own keywords and examples are no JSON Schema; its `nullable` is known to ajv. Patterns are not of the u flag (`\-`).
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false });
  ajv.addSchema(doc, "doc");
  const api = { name, doc, ajv };
  apis.set(name, api);
  return api;
}

interface Found {
  readonly api: Api;
  readonly template: string;
  readonly pointer: string;
  readonly operation: z.infer<typeof operation>;
  readonly shared: readonly z.infer<typeof parameter>[];
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function find(method: string, path: string): Found {
  const [pathname = ""] = path.split("?");
  const name = pathname.split("/")[1] ?? "";
  const api = apiOf(name);
  const below = name === "accesstoken" ? pathname : pathname.slice(name.length + 1);
  const verb = z.enum(["get", "post", "put", "delete"]).parse(method.toLowerCase());
  // A path without a parameter comes before one with.
  const templates = Object.keys(api.doc.paths).toSorted((a, b) => a.split("{").length - b.split("{").length);
  for (const template of templates) {
    const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    const item = api.doc.paths[template];
    const found = item?.[verb];
    if (pattern.test(below) && found !== undefined)
      return {
        api,
        template,
        pointer: `/paths/${escaped(template)}/${verb}`,
        operation: found,
        shared: item?.parameters ?? [],
      };
  }
  throw new Error(`${method} ${path} is in no document`);
}

function validatorAt(api: Api, pointer: string): ValidateFunction {
  const key = `doc#${pointer}`;
  const found = api.ajv.getSchema(key);
  if (found === undefined) throw new Error(`no schema at ${key}`);
  return found;
}

function resolved(api: Api, one: z.infer<typeof parameter>): { name: string; in: string; required: boolean } {
  const shape = z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().default(false) });
  if (one.$ref === undefined) return shape.parse(one);
  let value: unknown = api.doc;
  for (const part of one.$ref.slice(2).split("/")) value = z.record(z.string(), z.unknown()).parse(value)[part];
  return shape.parse(value);
}

export interface Wire {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | undefined;
}

/** What the document has against this request: path, required headers, query names, body. Empty when nothing. */
export function faultsOfRequest(request: Wire): readonly string[] {
  const found = find(request.method, request.path);
  const faults: string[] = [];
  const query = new URLSearchParams(request.path.split("?")[1] ?? "");
  const parameters = [...found.shared, ...(found.operation.parameters ?? [])].map((one) => resolved(found.api, one));
  for (const one of parameters) {
    if (one.required && one.in === "header" && request.headers[one.name.toLowerCase()] === undefined)
      faults.push(`header ${one.name} is missing`);
  }
  for (const name of query.keys())
    if (!parameters.some((one) => one.in === "query" && one.name === name)) faults.push(`query ${name} is unknown`);
  // A server made from the document answers 406 to whoever takes none of what it declares. `Accept` as a parameter says the same otherwise.
  const declared = Object.keys(
    found.operation.responses["200"]?.content ?? found.operation.responses["201"]?.content ?? {},
  );
  const accepted = (request.headers["accept"] ?? "*/*").split(",").map((type) => type.trim());
  const hasParameter = parameters.some((one) => one.in === "header" && one.name === "Accept");
  if (
    !hasParameter &&
    declared.length > 0 &&
    !declared.some((type) => accepted.includes(type.split(";")[0] ?? "") || accepted.includes("*/*"))
  )
    faults.push(`accept ${accepted.join(", ")} takes none of ${declared.join(", ")}`);
  const media = Object.keys(found.operation.requestBody?.content ?? {});
  if (media.length === 0 && (request.text ?? "") !== "") faults.push("there must be no body");
  if (media.length > 0 && request.text !== undefined) {
    if (request.headers["content-type"] !== "application/json") faults.push("content-type is not application/json");
    const validate = validatorAt(
      found.api,
      `${found.pointer}/requestBody/content/${escaped("application/json")}/schema`,
    );
    const value: unknown = JSON.parse(request.text);
    if (!validate(value))
      faults.push(...(validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`));
  }
  return faults;
}

/** What the document has against this answer's JSON; `undefined` stands for an empty body. */
export function faultsOfAnswer(method: string, path: string, status: number, value: unknown): readonly string[] {
  const found = find(method, path);
  const response = found.operation.responses[String(status)];
  if (response === undefined) return [`status ${status} is not listed`];
  const pointer = response.$ref === undefined ? `${found.pointer}/responses/${status}` : response.$ref.slice(1);
  let at: unknown = found.api.doc;
  const parts = response.$ref === undefined ? undefined : response.$ref.slice(2).split("/");
  for (const part of parts ?? []) at = z.record(z.string(), z.unknown()).parse(at)[part];
  const content = parts === undefined ? response.content : body.parse(at).content;
  const [type] = Object.keys(content ?? {});
  if (type === undefined) return value === undefined ? [] : ["the body must be empty"];
  const validate = validatorAt(found.api, `${pointer}/content/${escaped(type)}/schema`);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
}

/** Every operation of a document, as "GET /qr/v1/merchant-redirect". */
export function operationsOf(name: string): readonly string[] {
  const { doc } = apiOf(name);
  const prefix = name === "accesstoken" ? "" : `/${name}`;
  return Object.entries(doc.paths).flatMap(([path, item]) =>
    (["get", "post", "put", "delete"] as const)
      .filter((verb) => item[verb] !== undefined)
      .map((verb) => `${verb.toUpperCase()} ${prefix}${path}`),
  );
}

const example = z.object({
  name: z.string(),
  operation: z.string(),
  direction: z.enum(["request", "response", "webhook"]),
  status: z.int().optional(),
  body: z.unknown(),
  note: z.string().optional(),
});
export type Example = z.infer<typeof example>;

export function examples(): readonly Example[] {
  const raw: unknown = JSON.parse(readFileSync(new URL("examples.json", folder), "utf8"));
  return z.array(example).parse(raw);
}

export function exampleNamed(name: string): Example {
  const found = examples().find((one) => one.name === name);
  if (found === undefined) throw new Error(`no example ${name}`);
  return found;
}
