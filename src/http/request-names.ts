/*
 * The parts of a request that settings name: paths and headers. Runs in the browser too.
 */

/** What a part of a path consists of (RFC 3986 §3.3). */
const PART = /^(?:[\w.~!$&'()*+,;=:@-]|%[\da-f]{2})+$/i;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Whether requests can have this path; a `/` at its ends does not matter. Clients encode spaces and letters such as ü, begin the query
 * at a `?`, and leave out `.` and `..`.
 */
export function isRequestPath(text: string): boolean {
  const parts = text.replace(/^\/+|\/+$/g, '').split('/');
  return parts.every((part) => PART.test(part) && !/^\.{1,2}$/.test(part.replace(/%2e/gi, '.')));
}

/** Whether a header can have this name (RFC 9110 §5.6.2). */
export function isHeaderName(text: string): boolean {
  return TOKEN.test(text);
}
