/** One of the people affected, at home with a browser: our public pages are all they have. */
export interface Customer {
  /** Open a page. */
  look(path: string): Promise<Page>;
  /** Send a form, and follow where it leads. */
  send(path: string, form: Readonly<Record<string, string>>): Promise<Page>;
}

export interface Page {
  readonly status: number;
  /** Where the browser ended. */
  readonly path: string;
  readonly html: string;
}

/** The `n`th customer. Each is in a network of their own, as our proxy sees it. */
export function customer(publicUrl: string, n: number): Customer {
  const address = `10.${n >> 8}.${n & 255}.7`;
  let cookie = "";

  async function ask(path: string, init: RequestInit): Promise<Page> {
    const response = await fetch(new URL(path, publicUrl), {
      ...init,
      headers: { cookie, "x-forwarded-for": address, "accept-language": "en" },
      redirect: "manual",
    });
    for (const given of response.headers.getSetCookie()) cookie = given.split(";")[0] ?? "";
    const next = response.headers.get("location");
    if (next === null) return { status: response.status, path, html: await response.text() };
    await response.body?.cancel();
    return ask(next, {});
  }

  return {
    look: (path) => ask(path, {}),
    send: (path, form) => ask(path, { method: "POST", body: new URLSearchParams(form) }),
  };
}
