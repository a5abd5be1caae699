import type { RouteProblem } from '../../src/conversation/route-rules.js';
import { endpointName } from './party-select.editor.js';

/** What is wrong with the settings, as a sentence. */
export function problemText({ kind, number, endpoint = '', field }: RouteProblem, translate: Translate): string {
  return translate(`invalid.${kind}`, { number, party: endpointName(endpoint) ?? endpoint, field });
}
