import fc from "fast-check";

/** Anything a file can hold, and what an attacker would put there. */
export const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({ unit: "binary", maxLength: 200 }).filter((text) => text.isWellFormed()),
  fc.constantFrom(
    "Ada\r\nBcc: eve@example.com",
    "x\r\n\r\n<script>alert(1)</script>",
    "\n.\r\nMAIL FROM:<eve@example.com>",
    ".\n..\nFrom eve to ada\n.",
    '=?UTF-8?B?QmNj?= "quoted" <eve@example.com>, mallory@example.com',
    "👩‍👩‍👧‍👦 Żółć ".repeat(40).trim(),
    "a".repeat(1_500),
    `${"word ".repeat(80)}end`,
    "two  spaces and a tab\t, ".repeat(12),
    "--=_candor_--",
    "=20=\r\n=3D=",
    "ends with a space \nand a tab\t\n \n",
    "\u202Eright to left\u202C, שלום, \u0000\u001b[31m",
    "一份名单丢失了。".repeat(30),
  ),
);

/** How postal-mime shows a body: quoted-printable by lines, each with an end; base64 as it is. */
export function asRead(raw: string, type: string, body: string): string {
  const [, head = ""] = raw.split(`Content-Type: ${type}; charset=utf-8\r\n`);
  const encoding = /^Content-Transfer-Encoding: (\S+)\r\n\r\n/.exec(head)?.[1];
  if (encoding === "base64") return body.replaceAll(/\r\n?|\n/g, "\r\n");
  return `${body.replaceAll(/\r\n?|\n/g, "\n")}\n`;
}
