/**
 * - `switchboard.read`: view messages, conversations, endpoints …
 * - `switchboard.write`: operate: replay, skip, edit …
 * - `switchboard.export`: take data out in bulk or in raw form, and see people's data where it is masked
 * - `flows.write`: make the server send requests to an address in the request, as anyone who deploys flows can
 */
export type Permission = 'switchboard.read' | 'switchboard.write' | 'switchboard.export' | 'flows.write';

/** For everything that takes data out in bulk or in raw form. Node-RED's `read` does not include it. */
export const EXPORT: Permission = 'switchboard.export';

/** What Node-RED knows of the sender of a request, if users have to sign in. */
export interface SignedIn {
  user?: { username?: string; anonymous?: boolean };
  authInfo?: { scope?: string | readonly string[] };
}

/** Whether a request asks for people's data; the guard of the routes checks that who asks has the permission. */
export function isClear({ query }: { query: Record<string, unknown> }): boolean {
  return query.clear === 'true';
}

/**
 * Whether Node-RED grants a permission to the sender of a request, to tell a view what it can offer. Enforced is it only by
 * `needsPermission`, whose rules these are.
 */
export function isGranted({ user, authInfo }: SignedIn, permission: Permission): boolean {
  if (!user) return true;
  const verb = permission.split('.')[1] ?? '';
  return [authInfo?.scope ?? []]
    .flat()
    .some((scope) => ['*', permission, ...(verb === 'read' || verb === 'write' ? [verb, `*.${verb}`] : [])].includes(scope));
}
