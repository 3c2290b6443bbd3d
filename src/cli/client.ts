import { randomUUID } from "node:crypto";
import { readSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isatty } from "node:tty";

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
  /** Replace a thing as a whole. */
  put<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.output<T>>;
  /** Change a part of a thing. */
  patch<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.output<T>>;
  /** Stream a file down; with a body, by asking for it. */
  download(path: string, totp?: string, asked?: unknown): Promise<Readable>;
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
    // An answer of 500 and above is the console's own fault; its log has the rest under this id.
    const trace = problem.status >= 500 ? [`  request id: ${problem.requestId}`] : [];
    super([problem.detail ?? problem.title, ...fields, ...trace].join("\n"));
    this.code = problem.code;
  }
}

/** A client for a console's address and a person's token (none for accepting an invitation). */
export function createClient(consoleUrl: string, token?: string): Client {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const json = { ...authorization, "content-type": "application/json" };

  async function answer(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(new URL(path, consoleUrl), init).catch((error: unknown) => {
      throw new Error(`The console at ${consoleUrl} does not answer.`, { cause: error });
    });
    if (response.ok) return response;
    throw new ProblemError(Problem.parse(await jsonOf(response)));
  }

  async function call<T extends z.ZodType>(path: string, init: RequestInit, schema: T) {
    const response = await answer(path, init);
    return schema.parse(response.status === 204 ? undefined : await jsonOf(response));
  }

  return {
    get: (path, schema) => call(path, { headers: authorization }, schema),
    post: (path, body, schema, options = {}) =>
      call(
        path,
        {
          method: "POST",
          headers: {
            ...json,
            ...(options.once ? {} : { "idempotency-key": randomUUID() }),
            ...(options.totp === undefined ? {} : { "candor-totp": options.totp }),
          },
          body: JSON.stringify(body),
        },
        schema,
      ),
    put: (path, body, schema) =>
      call(path, { method: "PUT", headers: json, body: JSON.stringify(body) }, schema),
    patch: (path, body, schema) =>
      call(path, { method: "PATCH", headers: json, body: JSON.stringify(body) }, schema),
    download: async (path, totp, asked) => {
      const code = totp === undefined ? {} : { "candor-totp": totp };
      const { body } = await answer(
        path,
        asked === undefined
          ? { headers: { ...authorization, ...code } }
          : { method: "POST", headers: { ...json, ...code }, body: JSON.stringify(asked) },
      );
      return body ? Readable.fromWeb(body) : Readable.from([]);
    },
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

/**
 * The value of an option, or what the person types when it was left out. Without a terminal the
 * answers are the lines of standard input, in the order of the questions.
 */
export async function ask(given: string | undefined, question: string): Promise<string> {
  if (given !== undefined) return given;
  if (!isatty(STDIN)) {
    const line = await nextLine();
    if (line === undefined)
      throw new Error(`Say it as an option or on standard input: ${question}`);
    return line.trim();
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question(`${question} `)).trim();
  } finally {
    prompt.close();
  }
}

/** One line of standard input, byte by byte: what follows belongs to the next question. */
async function nextLine(): Promise<string | undefined> {
  const bytes: Buffer[] = [];
  for (let byte = await nextByte(); byte; byte = await nextByte()) {
    if (byte.equals(LINE_END)) return Buffer.concat(bytes).toString();
    bytes.push(byte);
  }
  return bytes.length === 0 ? undefined : Buffer.concat(bytes).toString();
}

/** Nothing at the end. A pipe that has nothing yet says EAGAIN. */
async function nextByte(): Promise<Buffer | undefined> {
  const byte = Buffer.alloc(1);
  for (;;) {
    try {
      return readSync(STDIN, byte) === 1 ? byte : undefined;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
      await sleep(LOOK_MS);
    }
  }
}

/** A proxy in between may answer with a page of its own. */
async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new Error(
      `What answers at ${new URL(response.url).origin} is not Candor's console ` +
        `(status ${response.status}). Check its address.`,
      { cause: error },
    );
  }
}

const STDIN = 0;
const LOOK_MS = 50;
const LINE_END = Buffer.from("\n");
const Problem = z.object({
  title: z.string().default("The console could not do this."),
  detail: z.string().optional(),
  code: z.string().default("unknown"),
  status: z.number().default(400),
  requestId: z.string().default("none"),
  errors: z
    .array(z.object({ field: z.string(), message: z.string(), line: z.number().optional() }))
    .default([]),
});
