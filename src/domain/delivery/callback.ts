/** Where Twilio reports about one attempt; names nobody. `publicUrl` as in the settings. */
export function twilioCallback(publicUrl: string, deliveryId: string, attempt: number): string {
  return `${publicUrl.replace(/\/+$/, "")}/callbacks/twilio/${deliveryId}/${attempt}`;
}

/** Where Twilio hands over what people answer. */
export function twilioInbound(publicUrl: string): string {
  return `${publicUrl.replace(/\/+$/, "")}/callbacks/twilio/inbound`;
}
