import fc from "fast-check";
import { z } from "zod";

/** A JSON Schema as far as our own documents use it. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
}

/** Values that mostly fit a schema, with any part replaced by garbage now and then. */
export function nearly(schema: z.ZodType): fc.Arbitrary<unknown> {
  return from(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema);
}

/** What nobody expects: controls, bidi marks, half characters, huge numbers, odd keys, deep lists. */
export const garbage: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1e308,
    2 ** 53,
    0.1,
    "",
    " ",
    "\u0000",
    "\ud800",
    "\u202e",
    "a\r\nBcc: x",
    "2026-02-30T10:00:00Z",
    "+275760-09-13T00:00:00Z",
    "0000-01-01T00:00Z",
    "=HYPERLINK(1)",
    "'; drop table staff; --",
    "{{constructor}}",
    "\ufeff",
    "٣",
    "not-yet-known",
    "a".repeat(5_000),
    [],
    {},
    [[]],
    { constructor: 1 },
    { toString: {} },
    { length: -1 },
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

function from(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema) }, { weight: 1, arbitrary: garbage });
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return fc.oneof(...branches.map(from));
  switch (schema.type) {
    case "object":
      return objects(schema);
    case "array":
      return fc.array(from(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 3, 3) });
    case "string":
      return strings(schema);
    case "integer":
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 99, 1e6) }),
        fc.maxSafeInteger(),
      );
    case "number":
      return fc.double();
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return garbage;
  }
}

function objects({ properties = {}, required = [], additionalProperties }: Schema) {
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, from(part)])),
    { requiredKeys: [...required] },
  );
  if (typeof additionalProperties !== "object") return known;
  return fc.dictionary(fc.string({ maxLength: 10 }), from(additionalProperties), { maxKeys: 3 });
}

function strings({ format }: Schema): fc.Arbitrary<string> {
  if (format === "uuid") return fc.uuid();
  if (format === "email") return fc.emailAddress();
  if (format === "date")
    return fc.constantFrom("2026-03-01", "2026-02-30", "9999-12-31", "0001-01-01");
  if (format === "date-time")
    return fc.constantFrom(
      "2026-03-01T10:00Z",
      "2026-03-01T10:00:00+14:00",
      "2026-02-30T10:00:00Z",
      "9999-12-31T23:59:59Z",
      "0001-01-01T00:00:00Z",
      "2026-03-02T00:00:00.123456789Z",
    );
  return fc.oneof(
    fc.constantFrom(
      "Europe/Berlin",
      "UTC",
      "US-CA",
      "DE",
      "en",
      "word",
      "+1 555 0100",
      "responder",
    ),
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
  );
}
