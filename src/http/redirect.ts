/** The same request is to be sent to another address (RFC 9110 §15.4). 303 says something else: the result is shown there. */
const FOLLOWED = new Set([301, 302, 307, 308]);

/**
 * Where a GET is redirected to; undefined if it is not redirected within its origin. Other origins are not followed: they are not
 * the partner that the endpoint names, and they must not get its credentials. A redirect that drops a part of the query is not
 * followed either: what is answered there would not be the answer to what was asked, and an empty list would prove nothing.
 */
export function redirectTarget(from: string, status: number, location: string | undefined): string | undefined {
  if (!FOLLOWED.has(status) || !location || !URL.canParse(location, from)) return undefined;
  const [source, target] = [new URL(from), new URL(location, from)];
  target.hash = '';
  const isWithin = target.origin === source.origin && !target.username && !target.password;
  const asksTheSame = [...source.searchParams].every(([name, value]) => target.searchParams.getAll(name).includes(value));
  return isWithin && asksTheSame ? target.href : undefined;
}

/** Where the redirects that failed requests lead: not a property of the error, because such addresses may hold secrets. */
const targets = new WeakMap<Error, URL>();

/** The same error, with where its request at `from` is redirected to. */
export function withTarget<E extends Error>(error: E, from: string, status: number, location: string | undefined): E {
  const isRedirect = FOLLOWED.has(status) || status === 303;
  const target = isRedirect && location && URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (target && /^https?:$/.test(target.protocol)) targets.set(error, target);
  return error;
}

/** An error in the place of another one: it leads where that led. */
export function withSameTarget<E extends Error>(error: E, replaced: Error): E {
  const target = targets.get(replaced);
  if (target) targets.set(error, target);
  return error;
}

/** Where the request is redirected to whose failure this is; undefined if it is not redirected. */
export function targetOf(error: unknown): URL | undefined {
  return error instanceof Error ? targets.get(error) : undefined;
}

/** The address in a Location header for errors: without its query and user, which may hold secrets. */
export function shownTarget(location: string, from: string): string {
  if (!URL.canParse(location, from)) return location.split(/[?#]/)[0] ?? '';
  const { protocol, host, pathname } = new URL(location, from);
  // Only some schemes have an origin.
  return `${protocol}${host && '//'}${host}${pathname}`;
}
