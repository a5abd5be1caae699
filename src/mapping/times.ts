/** ServiceNow's raw notation: UTC without a zone (ServiceNow, Table API, "Date and time"). */
const SERVICENOW = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?$/;

/**
 * ISO 8601 UTC with milliseconds from any notation that partners use; times without a zone are UTC. Undefined for an invalid
 * time.
 */
export function isoTime(text: string): string | undefined {
  const plain = SERVICENOW.exec(text.trim());
  const time = Date.parse(plain ? `${plain[1]}T${plain[2]}Z` : text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** ServiceNow's raw notation from ISO 8601. */
export function serviceNowTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}
