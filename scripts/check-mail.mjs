// Reads caught mail and SMS for the checks from outside. Knows the catcher's API and MIME, and
// nothing of Candor.

/** The mail a catcher holds, oldest first, without the first `seen`: `{ to, oneClick, text }`. */
export async function allMail(catcher, seen = 0) {
  const ids = await allOf(`${catcher}/api/messages`, 500, seen);
  return inTurns(ids, ({ id }) => readMail(`${catcher}/api/messages/${id}/raw`));
}

/** All SMS it shows: `{ to, body, status }`. */
export function allSms(catcher) {
  return allOf(`${catcher}/api/sms`, 1_000);
}

/** The same for each, a few at a time, in order. */
export async function inTurns(list, act) {
  const done = [];
  for (let i = 0; i < list.length; i += AT_ONCE)
    done.push(
      ...(await Promise.all(list.slice(i, i + AT_ONCE).map((each, n) => act(each, i + n)))),
    );
  return done;
}

async function allOf(url, limit, seen = 0) {
  const list = [];
  for (;;) {
    const answer = await fetch(`${url}?offset=${seen + list.length}&limit=${limit}`);
    if (answer.status === 404) return list;
    const { total, messages } = await answer.json();
    list.push(...messages);
    if (seen + list.length >= total || messages.length === 0) return list;
  }
}

/** Just enough MIME for our own two-part messages: recipient, and the decoded plain text. */
async function readMail(url) {
  const raw = (await (await fetch(url)).text()).replaceAll("\r\n", "\n");
  const headers = raw.slice(0, raw.indexOf("\n\n")).replaceAll(/\n[ \t]+/g, " ");
  const to = headers.match(/^To:.*?([^\s<>"]+@[^\s<>"]+?)>?$/im)?.[1] ?? "";
  const boundary = headers.match(/boundary="?([^";]+)"?/i)?.[1] ?? "";
  const part =
    raw.split(`--${boundary}`).find((piece) => /content-type: text\/plain/i.test(piece)) ?? "";
  const cut = part.indexOf("\n\n");
  const body = part.slice(cut + 2);
  const base64 = /content-transfer-encoding: base64/i.test(part.slice(0, cut));
  const text = base64 ? Buffer.from(body, "base64").toString() : quotedPrintable(body);
  const oneClick = /^List-Unsubscribe:/im.test(headers);
  return { to: to.toLowerCase(), oneClick, text: text.replaceAll("\r\n", "\n") };
}

function quotedPrintable(body) {
  const bytes = body
    .replaceAll(/=\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}

const AT_ONCE = 8;
