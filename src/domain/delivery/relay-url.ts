/** One SMTP relay of the setting. */
export interface RelaySetting {
  readonly name: string;
  /** Its share of the messages, against the weights of the others. */
  readonly weight: number;
  /** `smtp://` or `smtps://`, with user and password where it wants them. */
  readonly url: string;
}

/**
 * The relays of `SMTP_URL`: one URL or several with commas, each with `?weight=` (1 to 100, 1
 * unless said) and `?name=` (its host unless said: who may have a mail is known by the name, so
 * another relay in its place must not have the same). A comma in a password is written `%2C`. Refuses with every problem of every relay, each by its place and never by its text,
 * because that holds passwords.
 */
export function readRelays(setting: string): {
  readonly relays: readonly RelaySetting[];
  readonly problems: readonly string[];
} {
  const read = setting.split(",").map((text, i) => readRelay(text.trim(), i + 1));
  const relays = read.flatMap(({ relay }) => relay ?? []);
  const problems = read.flatMap((each) => each.problems);
  if (new Set(relays.map(({ name }) => name)).size < relays.length)
    problems.push("Each relay needs a name of its own.");
  return { relays, problems };
}

function readRelay(text: string, place: number): { relay?: RelaySetting; problems: string[] } {
  const say = (problem: string) => `Relay ${place}: ${problem}`;
  if (!URL.canParse(text)) return { problems: [say("this is no URL; `%2C` stands for a comma.")] };
  const url = new URL(text);
  const options = url.searchParams;
  const weight = options.get("weight") ?? "1";
  const given = options.get("name");
  const name = given ?? url.host.toLowerCase();
  const problems = [
    !/^smtps?:$/.test(url.protocol) && "the URL begins with smtp:// or smtps://.",
    url.hostname === "" && "the URL names no host.",
    /^\/?$/.test(url.pathname)
      ? url.hash !== "" && "nothing follows the options."
      : "the URL has no path.",
    (url.username === "") !== (url.password === "") && "give user and password, or neither.",
    !decodable(url) && "user and password must be percent-encoded.",
    !WEIGHT.test(weight) && "the weight is a whole number from 1 to 100.",
    given !== null && !NAME.test(given) && "the name is 1 to 30 small letters, digits and hyphens.",
    [...options.keys()].some((key) => !OPTIONS.has(key)) && "the options are weight and name.",
    new Set(options.keys()).size < options.size && "each option is given once.",
  ].flatMap((problem) => (problem === false ? [] : say(problem)));
  if (problems.length > 0) return { problems };
  url.search = "";
  return { relay: { name, weight: Number(weight), url: url.href }, problems };
}

function decodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

const OPTIONS = new Set(["weight", "name"]);
const WEIGHT = /^([1-9]\d?|100)$/;
const NAME = /^[a-z0-9-]{1,30}$/;
