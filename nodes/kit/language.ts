import type { NodeAPI } from 'node-red';
import { useLanguage } from '../../src/text/say.js';

/** Sets the language of runtime texts to that of Node-RED: from settings.js, else from the environment. */
export function useRuntimeLanguage(RED: NodeAPI): void {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const language = (RED.settings as { lang?: string }).lang ?? LC_ALL ?? LC_MESSAGES ?? LANG ?? '';
  useLanguage(language.replace(/\..*$/, '').replace('_', '-'));
}
