import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";

import { z } from "zod";

/** A signed-in connection to a Candor console over its HTTP API. */
export interface Client {
  get<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>>;
  post<T extends z.ZodType>(
    path: string,
    body: unknown,
    schema: T,
    options?: PostOptions,
  ): Promise<z.output<T>>;
  /** Stream a file up. */
  upload<T extends z.ZodType>(
    path: string,
    file: Readable,
    contentType: string,
    schema: T,
  ): Promise<z.output<T>>;
}

export interface PostOptions {
  /** A fresh code from the person's authenticator. */
  readonly totp?: string;
  /** The answer holds a secret, so it cannot be given twice: sent without an Idempotency-Key. */
  readonly once?: boolean;
}

/** The console said no. The message is made to be read: what is wrong, field by field. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: string;

  constructor(problem: z.output<typeof Problem>) {
    const fields = problem.errors.map(
      ({ field, message, line }) =>
        `  ${field}${line === undefined ? "" : ` (line ${line})`}: ${message}`,
    );
    super([problem.detail ?? problem.title, ...fields].join("\n"));
    this.code = problem.code;
  }
}

/** A client for a console's address and a person's token (none for accepting an invitation). */
export function createClient(consoleUrl: string, token?: string): Client {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };

  async function call<T extends z.ZodType>(path: string, init: RequestInit, schema: T) {
    const response = await fetch(new URL(path, consoleUrl), init);
    const body: unknown = response.status === 204 ? undefined : await response.json();
    if (!response.ok) throw new ProblemError(Problem.parse(body));
    return schema.parse(body);
  }

  return {
    get: (path, schema) => call(path, { headers: authorization }, schema),
    post: (path, body, schema, options = {}) =>
      call(
        path,
        {
          method: "POST",
          headers: {
            ...authorization,
            "content-type": "application/json",
            ...(options.once ? {} : { "idempotency-key": randomUUID() }),
            ...(options.totp === undefined ? {} : { "candor-totp": options.totp }),
          },
          body: JSON.stringify(body),
        },
        schema,
      ),
    upload: (path, file, contentType, schema) =>
      call(
        path,
        {
          method: "POST",
          headers: { ...authorization, "content-type": contentType },
          body: Readable.toWeb(file),
          duplex: "half",
        },
        schema,
      ),
  };
}

/** The client of the person at the keyboard: `CANDOR_URL` and `CANDOR_TOKEN`. */
export function ownClient(): Client {
  const url = process.env["CANDOR_URL"];
  const token = process.env["CANDOR_TOKEN"];
  if (!url || !token)
    throw new Error(
      "Set CANDOR_URL to the console's address and CANDOR_TOKEN to your own token.\n" +
        "No token yet? Ask an administrator for an invitation, then run: candor staff join",
    );
  return createClient(url, token);
}

/** The value of an option, or what the person types when it was left out. */
export async function ask(given: string | undefined, question: string): Promise<string> {
  if (given !== undefined) return given;
  if (!process.stdin.isTTY) throw new Error(`Say it as an option: ${question}`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question(`${question} `)).trim();
  } finally {
    prompt.close();
  }
}

const Problem = z.object({
  title: z.string().default("The console could not do this."),
  detail: z.string().optional(),
  code: z.string().default("unknown"),
  errors: z
    .array(z.object({ field: z.string(), message: z.string(), line: z.number().optional() }))
    .default([]),
});
