const MASK = '•••';

/** Shorter secrets are not masked: they would match parts of ordinary words. */
const MIN_LENGTH = 4;

/**
 * Masks every secret in a text, and everything that looks like one: Authorization values, tokens and passwords in query strings.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret.length < MIN_LENGTH) continue;
    for (const form of encodings(secret)) masked = masked.replaceAll(form, MASK);
  }
  return masked
    .replace(/\b(Bearer|Basic|AR-JWT)\s+[\w+/=.~-]{8,}/gi, `$1 ${MASK}`)
    .replace(/([?&](?:secret|token|access_token|api_?key|password|client_secret|refresh_token)=)[^&\s"']+/gi, `$1${MASK}`);
}

/** A text plain and encoded for JSON, a URL, a form and HTML: a partner may return it in any of these encodings. */
function encodings(text: string): Set<string> {
  const json = JSON.stringify(text).slice(1, -1);
  const form = new URLSearchParams({ '': text }).toString().slice(1);
  const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  return new Set([text, json, encodeURIComponent(text), form, html]);
}
