import { z } from "zod";

/*
 * The allow list of template syntax, as schemas over what Handlebars parses. Whatever does not
 * fit one of them is refused; nothing here is compiled or run by Handlebars.
 */

export const Located = z.object({ loc: z.object({ start: z.object({ line: z.number() }) }) });
export const Program = z.object({ type: z.literal("Program"), body: z.array(z.unknown()) });
const NoStrip = z.object({ open: z.literal(false), close: z.literal(false) });
/** A path of exactly one plain segment: no `this`, `..`, `@`, dots or block parameters. */
const Path = z.object({
  type: z.literal("PathExpression"),
  data: z.literal(false),
  depth: z.literal(0),
  parts: z.tuple([z.string()]),
  original: z.string().regex(/^[a-z_]+$/),
});
const Content = z.object({ type: z.literal("ContentStatement"), value: z.string() });
const Comment = z.object({ type: z.literal("CommentStatement") });
const Mustache = z.object({
  type: z.literal("MustacheStatement"),
  path: Path,
  params: z.tuple([]),
  hash: z.undefined().optional(),
  escaped: z.literal(true),
  strip: NoStrip,
});
export const IfBlock = z.object({
  type: z.literal("BlockStatement"),
  path: Path.extend({ original: z.literal("if") }),
  params: z.tuple([Path]),
  hash: z.undefined().optional(),
  program: Program.extend({ blockParams: z.undefined().optional() }),
  inverse: Program.extend({ chained: z.undefined().optional() }).optional(),
  openStrip: NoStrip,
  inverseStrip: NoStrip.optional(),
  closeStrip: NoStrip,
});
export const Allowed = z.discriminatedUnion("type", [Content, Comment, Mustache, IfBlock]);
