import type { NodeAPI } from 'node-red';
import { useLanguage } from '../../src/text/say.js';

/** Texts of the runtime in the language that Node-RED's are in: that of settings.js, else that of the environment. */
export function speakAsRuntime(RED: NodeAPI): void {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const language = (RED.settings as { lang?: string }).lang ?? LC_ALL ?? LC_MESSAGES ?? LANG ?? '';
  useLanguage(language.replace(/\..*$/, '').replace('_', '-'));
}
