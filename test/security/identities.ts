import { rawRequest } from '../http/raw-request.js';

const PASSWORD = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Users with one permission each. */
const PERMISSIONS = ['switchboard.read', 'read', 'switchboard.write', 'switchboard.export', 'flows.write', '*'];

/** A setting of Node-RED. */
export const adminAuth = {
  type: 'credentials',
  users: PERMISSIONS.map((permissions) => ({ username: permissions, password: PASSWORD, permissions })),
};

/** Somebody who sends requests: what each request carries. */
export interface Identity {
  name: string;
  headers: Record<string, string>;
}

/** Where `adminAuth` is not set. */
export const NOBODY: readonly Identity[] = [
  { name: 'nobody signs in', headers: {} },
  { name: 'another site', headers: { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' } },
];

/** Where it is: somebody who has not signed in, and the users of `adminAuth`, signed in. */
export async function signedIn(url: string): Promise<Identity[]> {
  const users = PERMISSIONS.map(async (username): Promise<Identity> => {
    const form = { client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password: 'secret' };
    const { status, body } = await rawRequest(`${url}/auth/token`, 'POST', JSON_TYPE, JSON.stringify(form));
    if (status !== 200) throw new Error(`${username} could not sign in: ${status} ${body}`);
    const { access_token: token } = JSON.parse(body) as { access_token: string };
    return { name: `\`${username}\``, headers: { Authorization: `Bearer ${token}` } };
  });
  return [{ name: 'not signed in', headers: {} }, ...(await Promise.all(users))];
}

/** What a route of the admin API answers to an identity: `–` where it lets it in, otherwise the status of its refusal. */
export async function access(url: string, { headers }: Identity, method: string, path: string): Promise<string> {
  const body = method === 'GET' ? '' : '{}';
  const { status } = await rawRequest(`${url}/${path}`, method, { ...JSON_TYPE, ...headers }, body);
  return status === 401 || status === 403 ? String(status) : '–';
}
