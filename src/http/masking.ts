const MASK = '•••';

/** Texts that must never show: shorter ones are left, they would mask half of every text. */
const SHORTEST = 4;

/** Puts a mask over every secret in a text, and over what looks like one: Authorization values, tokens and passwords in query strings. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret.length < SHORTEST) continue;
    for (const written of waysToWrite(secret)) masked = masked.replaceAll(written, MASK);
  }
  return masked
    .replace(/\b(Bearer|Basic|AR-JWT)\s+[\w+/=.~-]{8,}/gi, `$1 ${MASK}`)
    .replace(/([?&](?:secret|token|access_token|api_?key|password|client_secret|refresh_token)=)[^&\s"']+/gi, `$1${MASK}`);
}

/** A text as it is, and as it stands in JSON, in an address, in a form and in HTML: a partner may say it back in any of these. */
function waysToWrite(text: string): Set<string> {
  const json = JSON.stringify(text).slice(1, -1);
  const form = new URLSearchParams({ '': text }).toString().slice(1);
  const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  return new Set([text, json, encodeURIComponent(text), form, html]);
}
