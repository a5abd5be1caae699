/** A date and a time without a zone, as some APIs write UTC. */
const ZONELESS = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?$/;

/**
 * ISO 8601 UTC with milliseconds from any notation that partners use; times without a zone are UTC. Undefined for an invalid
 * time.
 */
export function isoTime(text: string): string | undefined {
  const plain = ZONELESS.exec(text.trim());
  const time = Date.parse(plain ? `${plain[1]}T${plain[2]}Z` : text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
