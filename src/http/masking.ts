const MASK = '•••';

/** Texts that must never show: shorter ones are left, they would mask half of every text. */
const SHORTEST = 4;

/** Puts a mask over every secret in a text, and over what looks like one: Authorization values, tokens and passwords in query strings. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret.length < SHORTEST) continue;
    masked = masked.replaceAll(secret, MASK).replaceAll(encodeURIComponent(secret), MASK);
  }
  return masked
    .replace(/\b(Bearer|Basic|AR-JWT)\s+[\w+/=.~-]{8,}/gi, `$1 ${MASK}`)
    .replace(/([?&](?:secret|token|access_token|api_?key|password|client_secret|refresh_token)=)[^&\s"']+/gi, `$1${MASK}`);
}
