/**
 * A message as it goes over the wire without its last line: a dot more where a line begins with
 * one (RFC 5321 4.5.2), and CR LF at every end of a line and of the whole. A lone CR or LF is made
 * a whole line end, because what two servers read differently can hide a second message
 * ("SMTP smuggling").
 */
export function dotStuffed(text: string): string {
  if (isClean(text)) return text;
  const lines = text.replaceAll(/\r\n|\r|\n/g, "\r\n").replaceAll(/^\./gm, "..");
  return lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`;
}

/** Whether nothing needs doing: found by leaping from line to line, which most of the time is all. */
function isClean(text: string): boolean {
  if (text.startsWith(".")) return false;
  let from = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
    if (end === 0 || text.indexOf("\r", from) !== end - 1 || text[end + 1] === ".") return false;
    from = end + 1;
  }
  return from === text.length;
}
