import { describe, expect, test } from "vitest";

import { readRelays } from "../../../src/domain/delivery/relay-url.ts";

describe("the relays of a setting", () => {
  test("are one, with a name and a weight of its own", () => {
    expect(readRelays("smtps://user:pass@mail.example.org:465")).toEqual({
      relays: [
        {
          name: "mail.example.org:465",
          weight: 1,
          url: expect.stringContaining("user:pass@mail.example.org"),
        },
      ],
      problems: [],
    });
  });

  test("are several, each named and weighed", () => {
    const { relays, problems } = readRelays(
      "smtp://a.example.org?weight=3&name=primary, smtps://u:p%2Cq@b.example.org/?weight=100",
    );
    expect(problems).toEqual([]);
    expect(relays.map(({ name, weight }) => [name, weight])).toEqual([
      ["primary", 3],
      ["b.example.org", 100],
    ]);
    expect(relays.map(({ url }) => url).join()).not.toContain("?");
    expect(relays[1]?.url).toContain("p%2Cq");
  });

  test.for([
    ["nonsense", "Relay 1: this is no URL; `%2C` stands for a comma."],
    ["https://a.example.org", "Relay 1: the URL begins with smtp:// or smtps://."],
    ["xsmtp://a.example.org", "Relay 1: the URL begins with smtp:// or smtps://."],
    ["smtp://", "Relay 1: the URL names no host."],
    ["smtp://a.example.org/path", "Relay 1: the URL has no path."],
    ["smtp://a.example.org#x", "Relay 1: nothing follows the options."],
    ["smtp://user@a.example.org", "Relay 1: give user and password, or neither."],
    ["smtp://:pass@a.example.org", "Relay 1: give user and password, or neither."],
    ["smtp://u:%zz@a.example.org", "Relay 1: user and password must be percent-encoded."],
    ["smtp://a.example.org?weight=0", "Relay 1: the weight is a whole number from 1 to 100."],
    ["smtp://a.example.org?weight=101", "Relay 1: the weight is a whole number from 1 to 100."],
    ["smtp://a.example.org?weight=1.5", "Relay 1: the weight is a whole number from 1 to 100."],
    [
      "smtp://a.example.org?name=Big",
      "Relay 1: the name is 1 to 30 small letters, digits and hyphens.",
    ],
    [
      "smtp://a.example.org?name=",
      "Relay 1: the name is 1 to 30 small letters, digits and hyphens.",
    ],
    [
      `smtp://a.example.org?name=${"a".repeat(31)}`,
      "Relay 1: the name is 1 to 30 small letters, digits and hyphens.",
    ],
    ["smtp://a.example.org?wieght=2", "Relay 1: the options are weight and name."],
    ["smtp://a.example.org?weight=2&weight=3", "Relay 1: each option is given once."],
    ["smtp://a.example.org,smtp://b.example.org/x", "Relay 2: the URL has no path."],
    ["smtp://a.example.org,smtps://A.example.org", "Each relay needs a name of its own."],
    [
      "smtp://a.example.org?name=x,smtp://b.example.org?name=x",
      "Each relay needs a name of its own.",
    ],
  ] as const)("%s is refused", ([setting, problem]) => {
    expect(readRelays(setting).problems).toEqual([problem]);
  });

  test("tell every problem at once and quote nothing", () => {
    const { relays, problems } = readRelays("ftp://secret@a.example.org/x?weight=0,nonsense");
    expect(relays).toEqual([]);
    expect(problems.length).toBeGreaterThan(3);
    expect(problems.join()).not.toMatch(/secret|example/);
  });

  test("take the longest name and each weight that is allowed", () => {
    const name = `a${"-b9".repeat(9)}cd`;
    for (const weight of [1, 9, 10, 99, 100])
      expect(readRelays(`smtp://a.example.org?name=${name}&weight=${weight}`)).toMatchObject({
        relays: [{ name, weight }],
        problems: [],
      });
  });
});
