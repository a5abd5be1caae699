import { RequestError } from '../view/backend.js';
import { operatorView } from '../view/operator-view.js';
import { jsonDialog } from './json-dialog.js';
import { stored } from './stored.js';
import { followTheme } from './theme.js';

/** Milliseconds between refreshes, because the editor's comms channel is only available in the editor. */
const INTERVAL = 3000;
/** The page is served at `<admin root>/switchboard/page`. */
const ROOT = location.pathname.replace(/\/switchboard\/page$/, '');

start();

async function start(): Promise<void> {
  followTheme();
  const language = stored('editor-language');
  const labels = (await (
    await fetch('page/labels', { headers: language ? { 'Accept-Language': language } : {} })
  ).json()) as object;
  const t = (key: string, values: Record<string, unknown> = {}) => label(labels, key, values);
  document.documentElement.lang = t('page.language');
  document.title = t('tab.name');
  const editor = document.getElementById('editor');
  if (editor) editor.textContent = t('page.editor');
  const view = operatorView({
    t,
    get: async (path) => contentOf(await request('GET', path)),
    text: async (path, body) => (await request('POST', path, body)).text(),
    post: async (path, body) => contentOf(await request('POST', path, body)),
    editJson: (title, text, done) => jsonDialog(title, text, t, done),
    onChange(changed) {
      const timer = setInterval(() => document.visibilityState === 'visible' && changed(), INTERVAL);
      document.addEventListener('visibilitychange', changed);
      return () => {
        clearInterval(timer);
        document.removeEventListener('visibilitychange', changed);
      };
    },
  });
  document.querySelector('main')?.append(view.root);
  view.refresh();
}

function label(labels: object, key: string, values: Record<string, unknown>): string {
  const found = key.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], labels);
  if (typeof found !== 'string') return key;
  return found.replace(/__(\w+?)__/g, (_, name: string) => String(values[name] ?? ''));
}

async function request(method: string, path: string, body?: object): Promise<Response> {
  const token = accessToken();
  const headers: Record<string, string> = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body && { 'Content-Type': 'application/json' }),
  };
  const answer = await fetch(path, { method, headers, ...(body && { body: JSON.stringify(body) }) }).catch(() => {
    throw new RequestError('', 0);
  });
  if (answer.ok) return answer;
  const { message } = (await contentOf(answer)) as { message?: string };
  throw new RequestError(message ?? answer.statusText, answer.status);
}

const contentOf = (answer: Response): Promise<unknown> => answer.json().catch(() => ({}));

/** The access token of the editor's session; Node-RED stores one for each path of an editor. */
function accessToken(): string | undefined {
  try {
    const kept = stored(`auth-tokens${ROOT.replace(/\//g, '-')}`);
    return (JSON.parse(kept ?? 'null') as { access_token?: string } | null)?.access_token;
  } catch {
    return undefined;
  }
}
