import type { Person } from "./person.ts";

/** What may be seen of a person without a reason: enough to tell two apart, not to write to them. */
export function maskPerson(person: Person) {
  return {
    ...(person.email !== undefined && { email: maskEmail(person.email) }),
    ...(person.phone !== undefined && { phone: maskPhone(person.phone) }),
    ...(person.name !== undefined && { name: maskWords(person.name) }),
  };
}

/** `jane@example.com` → `j•••@e•••.com`. */
export function maskEmail(email: string): string {
  const [local = "", domain = ""] = email.split("@");
  return `${first(local)}•••@${first(domain)}•••${domain.slice(domain.lastIndexOf("."))}`;
}

/** `+14155550100` → `+1•••00`. */
export function maskPhone(phone: string): string {
  return `${phone.slice(0, 2)}•••${phone.slice(-2)}`;
}

function maskWords(name: string): string {
  return name
    .split(/\s+/)
    .map((word) => `${first(word)}•••`)
    .join(" ");
}

/** The first whole character, not half of a pair. */
function first(text: string): string {
  return Array.from(text)[0] ?? "";
}
